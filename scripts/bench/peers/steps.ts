import { mkdir, rm, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { bytesBelow, watchPeak, watchTreeMemory } from '../watch.ts';
import type { Peer, Place, Step } from './peer.ts';

/** A tool that has a home and a repository, and the variables that lead PostgreSQL's programs to the source. */
export interface Installed {
  readonly peer: Peer;
  readonly place: Place;
  readonly environment: Readonly<Record<string, string>>;
}

/** What a step needed. */
export interface Needs {
  readonly seconds: number;
  /** Of all processes of the tool together, at the worst moment. */
  readonly memoryBytes: number;
  /** In its home, at the worst moment, and what of it remained afterwards. */
  readonly diskBytes: number;
  readonly remainingBytes: number;
}

/** Gives the tool an empty home and an empty repository. */
export async function install(installed: Installed): Promise<void> {
  const { peer, place } = installed;
  await rm(place.home, { recursive: true, force: true });
  await rm(place.repository, { recursive: true, force: true });
  await mkdir(place.home, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(peer.files)) await writeFile(`${place.home}/${name}`, `${text}\n`, { mode: 0o600 });
  await startStep(installed, 'init');
}

/** How long a step took, and how long processors were busy for its processes: the server's do not count, and noise hardly touches it. */
export interface Timing {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export async function timeStep(installed: Installed, step: Step): Promise<Timing> {
  const startedMs = performance.now();
  const { stderr } = await startStep(installed, step);
  const seconds = (performance.now() - startedMs) / 1000;
  const [, user, system] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(stderr)!;
  return { seconds, cpuSeconds: Number(user) + Number(system) };
}

/** The same, looking on, which costs a little of the time. */
export async function watchStep(installed: Installed, step: Step): Promise<Needs> {
  const { home } = installed.place;
  const startedMs = performance.now();
  const subprocess = startStep(installed, step);
  const disk = watchPeak(() => bytesBelow(home), lookMs);
  const memory = watchTreeMemory(subprocess.pid!, lookMs);
  await subprocess;
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, memoryBytes: await memory.stop(), diskBytes: await disk.stop(), remainingBytes: await bytesBelow(home) };
}

const lookMs = 40;

/** Seconds that some work takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

// Without a standard input, since with one that is a socket bash takes itself for a remote shell and reads ~/.bashrc.
export function runScript(text: string, env: Readonly<Record<string, string>>) {
  return execa('bash', ['-euo', 'pipefail', '-c', text], { env, extendEnv: false, cwd: '/', stdin: 'ignore' });
}

function startStep({ peer, place, environment }: Installed, step: Step): ReturnType<typeof runScript> {
  const timed = `TIMEFORMAT='cpu %U %S'\ntime {\n${peer.scripts[step]}\n}`;
  return runScript(timed, { ...environment, ...peer.environment, HOME: place.home });
}

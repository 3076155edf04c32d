import { readFile } from 'node:fs/promises';
import { listDescendants } from './descendants.ts';
import type { Activity, StillThing } from '../../domain/standstill.ts';

export interface ProcessActivity extends Activity {
  readonly why: StillThing['why'];
}

/**
 * What a process has done so far, with those of the same name that it has started (workers of pg_restore). Others do not count: an ssh keeps
 * up a connection on which nobody works. Undefined when it is gone. proc(5); bytes on sockets that go through send(2) and recv(2)
 * are not among them, but whoever moves such bytes uses the processor.
 */
export async function readActivity(pid: number): Promise<ProcessActivity | undefined> {
  const root = await readProcess(pid);
  if (root === undefined) return undefined;
  const others = await Promise.all(listDescendants(pid).map(readProcess));
  const all = [root, ...others.filter((other) => other?.name === root.name)].filter((process) => process !== undefined);
  const stopped = all.some(({ state }) => state === 'T' || state === 't');
  return {
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    why: stopped ? 'stopped' : all.some(({ state }) => state === 'D') ? 'disk' : undefined,
  };
}

interface FoundProcess extends Activity {
  readonly name: string;
  readonly state: string;
}

/** The kernel counts in hundredths of a second, whatever its own tick: sysconf(_SC_CLK_TCK). */
const tickMs = 10;

async function readProcess(pid: number): Promise<FoundProcess | undefined> {
  const [stat, io] = await Promise.all(['stat', 'io'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')));
  const match = /^\d+ \((?<name>.*)\) (?<state>\S) (?<others>.*)$/s.exec(stat!.trim())?.groups;
  if (match === undefined || match['state'] === 'Z') return undefined;
  // The first of them is the 4th field of the file; utime and stime are the 14th and the 15th.
  const others = match['others']!.split(' ');
  const counted = [...io!.matchAll(/^[rw]char: (\d+)$/gm)];
  // Who may not be looked at counts as moving: NaN differs from itself.
  const bytes = counted.length === 0 ? Number.NaN : counted.reduce((sum, [, digits]) => sum + Number(digits), 0);
  return {
    name: match['name']!,
    state: match['state']!,
    bytes,
    cpuMs: (Number(others[10]) + Number(others[11])) * tickMs,
  };
}

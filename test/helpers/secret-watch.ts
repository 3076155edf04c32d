import { lstatSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect } from 'vitest';
import { startAgent, type AgentResult } from './agent.ts';
import { listDescendants } from './processes.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

/** Texts that stand for secrets, by the variable that each is the value, or a part of the value, of. */
export type Canaries = Readonly<Record<string, string>>;

/** The names of the secrets that a text holds. */
export function findCanaries(text: string, canaries: Canaries): string[] {
  return Object.entries(canaries).flatMap(([name, canary]) => (text.includes(canary) ? [name] : []));
}

export interface Watched {
  /** Directories in which a run may leave something, now or later. */
  readonly directories: readonly string[];
  readonly canaries: Canaries;
  /** Secrets that may stand in the password file of PostgreSQL's programs while they run. */
  readonly passwords: readonly string[];
}

export interface WatchedResult extends AgentResult {
  /** `NAME in cmdline of borg`, for each secret that was found. */
  readonly found: readonly string[];
}

const recorder = fileURLToPath(new URL('record-children.ts', import.meta.url));

/**
 * Runs the agent and looks meanwhile, again and again, for secrets in its command line, its environment and those of all that it has
 * started, and in files of its directories; and then in what each of its children was given, and in what it printed.
 */
export async function runWatched(args: readonly string[], watched: Watched): Promise<WatchedResult> {
  const record = join(await createTemporaryDirectory(), 'children');
  const [temporary] = watched.directories;
  const agent = startAgent(args, {
    env: { NODE_OPTIONS: `--import=${recorder}`, RECORD_CHILDREN: record, TMPDIR: temporary! },
  });
  const over = new AbortController();
  const sampling = sample(agent.pid, watched, over.signal);
  const result = await agent.finished.finally(() => over.abort());
  const seen = await sampling;
  const children = await readFile(record, 'utf8').catch(() => '');
  for (const name of findCanaries(children, watched.canaries)) seen.add(`${name} in what a child was given`);
  for (const name of findCanaries(result.stdout + result.stderr, watched.canaries)) seen.add(`${name} in what was printed`);
  return { ...result, found: [...seen] };
}

/** What was found where. */
async function sample(agent: number, { directories, canaries, passwords }: Watched, over: AbortSignal): Promise<Set<string>> {
  const found = new Set<string>();
  const note = (where: string, text: string, allowed: readonly string[] = []): void => {
    for (const name of findCanaries(text, canaries)) if (!allowed.includes(name)) found.add(`${name} in ${where}`);
  };
  while (!over.aborted) {
    for (const { pid, name } of [{ pid: agent, name: 'agent' }, ...(await listDescendants(agent))]) {
      for (const file of ['cmdline', 'environ'])
        note(`${file} of ${name}`, await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''));
    }
    for (const path of (await Promise.all(directories.map(listBelow))).flat()) {
      const isPasswordFile = basename(path) === 'pgpass';
      const { text, mode } = readSmall(path);
      note(basename(path), text, isPasswordFile ? passwords : []);
      if (isPasswordFile && mode !== 0o600) found.add(`the mode ${mode?.toString(8)} of a password file`);
    }
    await sleep(20);
  }
  return found;
}

async function listBelow(directory: string): Promise<string[]> {
  // What is there may be gone in this moment.
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const smallBytes = 1024 * 1024;

function readSmall(path: string): { readonly text: string; readonly mode: number | undefined } {
  try {
    const { size, mode } = lstatSync(path);
    return { text: size > smallBytes ? '' : readFileSync(path, 'latin1'), mode: mode & 0o777 };
  } catch {
    return { text: '', mode: 0o600 };
  }
}

/** No file below the directory holds one of the secrets. */
export async function expectNowhereBelow(directory: string, canaries: Canaries): Promise<void> {
  const patterns = Object.values(canaries).map((canary) => `--regexp=${canary}`);
  const options = ['--recursive', '--text', '--fixed-strings', '--files-with-matches', ...patterns, directory];
  const { stdout, exitCode } = await execa('grep', options, { reject: false });
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
}

import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { extract as unpack, type Header } from 'tar-stream';
import { expect } from 'vitest';
import type { StoredProject } from './stored-project.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What `agent extract --json` prints. */
export interface ExtractDocument {
  readonly status: string;
  readonly objects: number;
  readonly bytes: number;
  readonly renamed: { readonly count: number; readonly names: readonly { bucket: string; name: string; path: string }[] };
  readonly damaged: { readonly count: number; readonly names: readonly { bucket: string; name: string; reason: string }[] };
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** The paths of all that is no directory. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

/** There are these files and no others. */
export async function expectFiles(directory: string, expected: ReadonlyMap<string, Buffer>): Promise<void> {
  expect((await filesBelow(directory)).toSorted()).toEqual([...expected.keys()].toSorted());
  for (const [path, bytes] of expected) expect(await readFile(join(directory, path)), path).toEqual(bytes);
}

/** Runs a script of bash in which `"$@"` is `agent ARGS`: for what is no text, and for pipes. */
export async function inShell(
  scene: StoredProject,
  script: string,
  args: readonly string[],
  cwd: string,
): Promise<{ exitCode: number; stderr: string }> {
  const agent = [process.execPath, '--', main, ...args, '--env-file', scene.project.envFile];
  const { exitCode, stderr } = await execa('bash', ['-c', `set -o pipefail; ${script}`, 'bash', ...agent], {
    cwd,
    reject: false,
  });
  return { exitCode: exitCode ?? -1, stderr };
}

/** The files of a tar. */
export async function readTar(path: string): Promise<{ header: Header; bytes: Buffer }[]> {
  const found: { header: Header; bytes: Buffer }[] = [];
  for await (const entry of createReadStream(path).pipe(unpack())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    found.push({ header: entry.header, bytes: Buffer.concat(chunks) });
  }
  return found;
}

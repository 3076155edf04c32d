import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whenTestEnds } from './cleanup.ts';

/** A private directory for the current test, removed when that is over. */
export async function createTemporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'agent-test-'));
  whenTestEnds(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

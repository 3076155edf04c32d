import { rm } from 'node:fs/promises';
import { execa } from 'execa';
import { expect } from 'vitest';
import { extractArchive } from './archived-objects.ts';
import { sumFiles } from './bit-flips.ts';
import type { TestRepository } from './borg.ts';
import { startQuickBorg } from './quick-borg.ts';
import { archiveNames } from './scenario.ts';
import { createStoredProject, type StoredProject } from './stored-project.ts';

export interface FlipScene extends StoredProject {
  /** A PATH on which a quick Borg stands first. */
  readonly path: string;
}

/** A project with one backup of its database and of some objects, in a repository of some megabytes. */
export async function createFlipScene(): Promise<FlipScene> {
  const path = await startQuickBorg();
  const scene = await createStoredProject({
    MIGRATION_DRIFT: 'off',
    TEST_PROJECT_NAME: 'shop-test',
    TEST_RESTORE_ALLOWED: 'true',
  });
  // Names that a flipped bit can turn into one another, with contents of one size.
  for (const name of ['one 1', 'one 3', 'one 5']) await scene.storage.putObject('docs', name, `this is ${name}`);
  await scene.storage.putObject('media', 'a/large', Buffer.alloc(200_000, 'what nobody can see'));
  await scene.storage.putObject('media', 'empty', '');
  expect(await scene.backUp()).toMatchObject({ exitCode: 0 });
  const environment = { ...scene.repository.environment, PATH: path };
  const borg = async (...args: readonly string[]): Promise<string> =>
    (await execa('borg', args, { env: environment, extendEnv: false })).stdout;
  return { ...scene, repository: { ...scene.repository, environment, borg }, path };
}

/** The names of the archives that are no leftovers. */
export async function finishedArchives(repository: TestRepository): Promise<string[]> {
  return (await archiveNames(repository)).filter((name) => !name.startsWith('.'));
}

/**
 * What every finished archive holds, as a Borg without any memory of the repository reads it. When its last commit is damaged, Borg goes back
 * to the one before: then what the last run had tidied away is there again.
 */
export async function readArchives(repository: TestRepository): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const name of await finishedArchives(repository)) {
    const directory = await extractArchive(repository, name);
    for (const [path, sum] of sumFiles(directory)) sums.set(`${name}/${path}`, sum);
    await rm(directory, { recursive: true });
  }
  return sums;
}

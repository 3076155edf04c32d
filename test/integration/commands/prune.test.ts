import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runAgent } from '../../helpers/agent.ts';
import type { TestRepository } from '../../helpers/borg.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import type { TestProject } from '../../helpers/project.ts';
import { archiveNames, createInitializedProject } from '../../helpers/scenario.ts';

interface PruneDocument {
  readonly dryRun: boolean;
  readonly decisions: { backupId: string; action: string; reasons: string[] }[];
  readonly leftovers: string[];
  readonly removed: string[];
}

const dayMs = 86_400_000;

/** A project with one backup of now, and others that are so many days older. */
async function createHistory(daysAgo: readonly number[]): Promise<{
  readonly project: TestProject;
  readonly repository: TestRepository;
  readonly newest: string;
  /** The names of the older archives, in the order of `daysAgo`. */
  readonly older: readonly string[];
}> {
  const variables = { RETENTION_MIN_BACKUPS: '2' };
  const { project, repository } = await createInitializedProject({ database: await createTestDatabase(), variables });
  const made = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  const newest = made.json<{ archives: { name: string }[] }>().archives[0]!.name;
  const older = daysAgo.map((days) => nameOf('shop', days));
  for (const as of older) await craftArchive(repository, { from: newest, as, change: withoutDump });
  return { project, repository, newest, older };
}

function nameOf(project: string, daysAgo: number): string {
  const stamp = new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${project}-${stamp}Z-database`;
}

/** Retention looks at manifests only. */
async function withoutDump(directory: string): Promise<void> {
  await rm(join(directory, 'database'), { recursive: true });
}

describe('prune', () => {
  test('removes what is too old and what killed runs have left; a dry run only says so', async () => {
    const { project, repository, newest, older } = await createHistory([20, 22, 40]);
    const from = newest;
    const leftover = '.partial-shop-20260101T000000Z-database';
    const foreign = [nameOf('shop-b', 50), '.partial-shop-b-20260101T000000Z-database', 'by hand'];
    for (const as of [leftover, ...foreign]) await craftArchive(repository, { from, as, change: withoutDump });
    const prune = (...args: string[]) => runAgent(['prune', '--env-file', project.envFile, ...args]);
    const before = await archiveNames(repository);

    const planned = (await prune('--dry-run', '--json')).json<PruneDocument>();
    expect(planned).toMatchObject({
      schemaVersion: 1,
      command: 'prune',
      status: 'complete',
      dryRun: true,
      leftovers: [leftover],
    });
    expect(planned.decisions.map(({ action, reasons }) => [action, reasons])).toEqual([
      ['keep', ['the newest complete backup']],
      ['keep', ['within 21 days of the newest complete backup', 'one of the 2 newest complete backups']],
      ['remove', ['older than 21 days']],
      ['remove', ['older than 21 days']],
    ]);
    expect(planned.removed.toSorted()).toEqual([leftover, older[1]!, older[2]!].toSorted());
    const { stdout } = await prune('--dry-run');
    expect(stdout).toMatch(new RegExp(`^remove +${older[2]!.replace('-database', '')} +older than 21 days$`, 'm'));
    expect(stdout).toMatch(/^3 archives would be removed\. .*nothing was touched\.$/m);
    expect(await archiveNames(repository)).toEqual(before);

    const pruned = await prune('--json');
    expect(pruned).toMatchObject({ exitCode: 0, stderr: '' });
    expect(pruned.json<PruneDocument>()).toEqual({ ...planned, dryRun: false });
    expect((await archiveNames(repository)).toSorted()).toEqual([newest, older[0]!, ...foreign].toSorted());
    expect((await prune()).stdout).toMatch(/Nothing was removed\.\n$/);
  });

  test('refuses after a backup that failed, until there is one that did not', async () => {
    const { project, repository } = await createHistory([30, 40]);
    const before = await archiveNames(repository);
    const env = { SUPABASE_DB_URL: 'postgresql://nobody:wrong@127.0.0.1:1/nothing' };
    expect(await runAgent(['backup', '--env-file', project.envFile], { env })).toMatchObject({ exitCode: 20 });
    for (const dryRun of [['--dry-run'], []]) {
      const refused = await runAgent(['prune', '--env-file', project.envFile, '--json', ...dryRun]);
      expect(refused.exitCode).toBe(1);
      expect(refused.json()).toMatchObject({
        error: { code: 'prune_refused', message: 'Nothing was removed: the last run failed.' },
      });
    }
    expect(await archiveNames(repository)).toEqual(before);

    await runAgent(['backup', '--env-file', project.envFile]);
    expect(await runAgent(['prune', '--env-file', project.envFile])).toMatchObject({ exitCode: 0 });
  });

  test('refuses while an archive lies in the future', async () => {
    const { project, repository, older } = await createHistory([30, 40, -2]);
    const refused = await runAgent(['prune', '--env-file', project.envFile]);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^Error: Nothing was removed: backup shop-\S+ lies in the future .*\nTry: .*clock/);
    expect(await archiveNames(repository)).toEqual(expect.arrayContaining([...older]));
  });

  test('has nothing to do in an empty repository', async () => {
    const { project } = await createInitializedProject({ database: await createTestDatabase() });
    const pruned = await runAgent(['prune', '--env-file', project.envFile]);
    expect(pruned).toMatchObject({ exitCode: 0, stderr: '', stdout: 'There is no backup yet.\n\nNothing was removed.\n' });
  });
});

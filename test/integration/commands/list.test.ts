import { expect, test } from 'vitest';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runAgent } from '../../helpers/agent.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';

interface ListDocument {
  readonly backups: { backupId: string; startedAt: string; status: string; archives: { name: string }[] }[];
  readonly unfinished: string[];
}

test('an empty repository has no backups, and says how to make one', async () => {
  const { project } = await createInitializedProject({ database: await createTestDatabase() });
  const listed = await runAgent(['list', '--env-file', project.envFile]);
  expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
  expect(listed.stdout).toMatch(/^There is no backup in .*agent backup\n$/);
});

test('backups come newest first, with what their manifests say; nothing else counts as one', async () => {
  const { project, repository } = await createInitializedProject({ database: await createTestDatabase() });
  const list = (...args: string[]) => runAgent(['list', '--env-file', project.envFile, ...args]);
  const made = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  const { backupId, archives } = made.json<{ backupId: string; archives: object[] }>();
  const from = `${backupId}-database`;
  await craftArchive(repository, { from, as: 'shop-20260101T000000Z-database', manifest: { status: 'incomplete' } });
  await craftArchive(repository, {
    from,
    as: 'shop-20260201T000000Z-database',
    change: (directory) => rm(join(directory, 'manifest.json')),
  });
  await craftArchive(repository, { from, as: '.partial-shop-20260301T000000Z-database' });
  await craftArchive(repository, { from, as: 'shop-b-20260401T000000Z-database' });

  const document = (await list('--json')).json<ListDocument>();
  expect(document).toMatchObject({ schemaVersion: 1, command: 'list', project: 'shop' });
  expect(document.backups.map((backup) => [backup.backupId, backup.startedAt, backup.status])).toEqual([
    [backupId, expect.stringMatching(/^\d{4}-.*Z$/), 'complete'],
    ['shop-20260201T000000Z', '2026-02-01T00:00:00.000Z', 'unknown'],
    ['shop-20260101T000000Z', '2026-01-01T00:00:00.000Z', 'incomplete'],
  ]);
  expect(document.backups[0]!.archives).toEqual(archives);
  expect(document.backups[1]!.archives).toMatchObject([{ originalBytes: null, deduplicatedBytes: null }]);
  expect(document.unfinished).toEqual(['.partial-shop-20260301T000000Z-database']);

  const { stdout } = await list();
  expect(stdout.split('\n')[1]).toMatch(new RegExp(`^${backupId} .* (just now|\\d+ min ago) +complete +.*B +.*B +database$`));
  expect(stdout).toContain('1 archive is unfinished');
});

test('a machine that has never seen the repository lists the same', async () => {
  const { project } = await createInitializedProject({ database: await createTestDatabase() });
  await runAgent(['backup', '--env-file', project.envFile]);
  const list = async () => (await runAgent(['list', '--env-file', project.envFile, '--json'])).json<ListDocument>();
  const before = await list();
  await rm(project.stateDirectory, { recursive: true });
  const after = await list();
  const names = ({ backups }: ListDocument) => backups.map(({ backupId, status }) => [backupId, status]);
  expect(names(after)).toEqual(names(before));
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/domain/manifest.ts';
import { runAgent, type AgentResult } from '../../helpers/agent.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';
import { startTestCluster } from '../../helpers/test-cluster.ts';

interface BackupDocument {
  readonly backupId: string;
  readonly status: string;
  readonly warnings: readonly string[];
  readonly coverage: Manifest['coverage'];
  readonly changes: Manifest['changes'] | null;
  readonly migrationDrift: Manifest['migrationDrift'] | null;
}

interface DiffDocument {
  readonly from: string;
  readonly to: string;
  readonly differences: readonly { readonly class: string; readonly name: string; readonly kind: string }[];
  readonly counts: Record<string, object>;
}

const setup = `
  CREATE SCHEMA sales;
  CREATE TABLE public.notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
  CREATE TABLE sales.orders (id integer);
  CREATE FUNCTION public.double(n integer) RETURNS integer LANGUAGE sql AS $$SELECT
    n + n$$;`;

const change = `
  INSERT INTO public.notes (body) VALUES ('one');
  CREATE TABLE public."new\nthing" (id integer);
  DROP TABLE sales.orders;
  CREATE OR REPLACE FUNCTION public.double(n integer) RETURNS integer LANGUAGE sql AS $$SELECT
    2 * n$$;`;

test('a backup tells what has changed since the one before, and diff shows it', async () => {
  // Roles are every database's: a server of its own, where no other test makes any.
  const { address } = await startTestCluster();
  const database = await createTestDatabase({ cluster: address });
  const { project, repository } = await createInitializedProject({ database });
  const agent = (...args: string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  const archived = (id: string, path: string) => repository.borg('extract', '--stdout', `::${id}-database`, path);
  await database.query(setup);

  const first = (await agent('backup', '--json')).json<BackupDocument>();
  expect(first).toMatchObject({ status: 'complete', changes: null, migrationDrift: null });
  expect(await repository.borg('list', '--short', `::${first.backupId}-database`)).not.toContain('drift');
  const calm = await agent('diff', 'latest');
  expect(calm).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: `From ${first.backupId} to the live database: no differences.\n`,
  });

  await database.query(change);
  const second = await agent('backup');
  expect(second).toMatchObject({ exitCode: 0, stderr: '' });
  const [, secondId] = /^Backup (\S+) is complete/.exec(second.stdout)!;
  // Of either table itself, column, owner, privileges, row security; and the function.
  expect(second.stdout).toContain(`Since ${first.backupId}: 11 differences in definitions (5 added, 5 removed, 1 changed):\n`);
  expect(second.stdout).toContain('  + table public."new\\u000athing"\n');
  expect(second.stdout).toContain('  - table sales.orders\n');
  expect(second.stdout).toMatch(new RegExp(`\nAll of it: agent diff ${first.backupId} ${secondId}\n$`));

  const manifest = JSON.parse(await archived(secondId!, 'manifest.json')) as Manifest;
  expect(manifest.changes).toMatchObject({
    since: first.backupId,
    counts: { table: { missing: 1, extra: 1, different: 0 }, function: { missing: 0, extra: 0, different: 1 } },
    truncated: false,
  });
  expect(manifest.changes!.differences).toHaveLength(11);
  const changesText = await archived(secondId!, 'database/drift/changes.diff');
  expect(changesText).toMatch(/^- table sales\.orders$/m);
  expect(changesText).toMatch(/~ function public\.double\(integer\)\n(.*\n)*? +- +n \+ n/);
  expect(changesText).not.toContain('sequence value');
  const parts = manifest.parts.map(({ path }) => path);
  expect(parts.indexOf('database/drift/changes.diff')).toBeLessThan(parts.indexOf('database/full.dump'));

  const shown = await agent('show', secondId!);
  expect(shown.stdout).toMatch(/^table +1 +1 +0$/m);

  const between = await agent('diff', first.backupId, secondId!, '--json');
  expect(between).toMatchObject({ exitCode: 0, stderr: '' });
  const document = between.json<DiffDocument>();
  expect(document).toMatchObject({ schemaVersion: 1, command: 'diff', project: 'shop', from: first.backupId, to: secondId });
  expect(document.differences).toHaveLength(11);
  expect(document.counts).toEqual(manifest.changes!.counts);
  // Nothing was changed since.
  expect((await agent('diff', secondId!, 'live', '--json', '--exit-code')).exitCode).toBe(0);
  const sales = await agent('diff', first.backupId, '--json', '--schema', 'sales', '--exit-code');
  expect(sales.exitCode).toBe(3);
  expect(sales.json<DiffDocument>().differences.map((difference) => difference.kind)).toEqual(Array(5).fill('missing'));
  const tables = (
    await agent('diff', first.backupId, '--json', '--class', 'table', '--class', 'function')
  ).json<DiffDocument>();
  expect(tables.differences.map((difference) => difference.class)).toEqual(['function', 'table', 'table']);
  const all = (await agent('diff', first.backupId, '--json', '--all')).json<DiffDocument>();
  expect(all.differences.some((difference) => difference.class === 'sequence value')).toBe(true);
  const typo = await agent('diff', first.backupId, '--class', 'tabel');
  expect(typo).toMatchObject({ exitCode: 0, stderr: 'Note: there is nothing of class tabel on either side.\n' });

  // What the terminal gets has no control characters of a name.
  const text = (await agent('diff', first.backupId, secondId!)).stdout;
  expect(text).toContain('+ table public."new\\nthing"\n');
});

test('backups of earlier versions have no catalog: diff says so, and a backup goes on without', async () => {
  const database = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database });
  const agent = (...args: string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  const { backupId } = (await agent('backup', '--json')).json<BackupDocument>();
  await craftArchive(repository, {
    from: `${backupId}-database`,
    as: 'shop-20200101T000000Z-database',
    change: (directory) => rm(join(directory, 'database/catalog'), { recursive: true }),
  });
  expect(await agent('diff', '2020', backupId)).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(/shop-20200101T000000Z holds no catalog.*earlier version.*\nTry: .*agent list/) as string,
  });
  expect(await agent('diff', 'nonsense')).toMatchObject({ exitCode: 2, stdout: '' });

  await repository.borg('delete', `::${backupId}-database`);
  await agent('list');
  expect((await agent('backup', '--json')).json()).toMatchObject({ status: 'complete', changes: null, warnings: [] });
});

test('an earlier backup that cannot be read is a warning', async () => {
  const database = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database });
  const agent = (...args: string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  const { backupId } = (await agent('backup', '--json')).json<BackupDocument>();
  // This machine does not know of it.
  await repository.borg('delete', `::${backupId}-database`);
  const next = await agent('backup', '--json');
  expect(next).toMatchObject({ exitCode: 0, stderr: '' });
  expect(next.json()).toMatchObject({
    status: 'complete',
    changes: null,
    warnings: [expect.stringContaining(`the changes since ${backupId}-database could not be told`) as string],
  });
});

import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/domain/manifest.ts';
import { runAgent } from '../../helpers/agent.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { createTestProject } from '../../helpers/project.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';

test('VERIFY_CONTENT hashes the rows of each table, whatever the settings of the session', async () => {
  const database = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database, variables: { VERIFY_CONTENT: 'true' } });
  const backup = async (envFile = project.envFile): Promise<Manifest> => {
    const result = await runAgent(['backup', '--env-file', envFile]);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    return (await runAgent(['show', 'latest', '--env-file', envFile, '--json'])).json<{ manifest: Manifest }>().manifest;
  };
  await database.query(`
    CREATE TABLE public.notes (id integer, at timestamptz, took interval, bytes bytea, share double precision);
    INSERT INTO public.notes VALUES (1, '2026-01-02 03:04:05+06', '1 day 2 hours', '\\x00ff', 0.1), (2, NULL, NULL, NULL, NULL);
    CREATE MATERIALIZED VIEW public.summary AS SELECT count(*) FROM public.notes;`);
  const first = await backup();
  const tables = first.tables.map(({ name, contentHash, contentColumns, rows }) => ({
    name,
    contentHash,
    contentColumns,
    rows,
  }));
  expect(tables).toEqual([
    {
      name: 'notes',
      rows: 2,
      contentHash: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      contentColumns: ['id', 'at', 'took', 'bytes', 'share'],
    },
    { name: 'summary', rows: 1, contentHash: undefined, contentColumns: undefined },
  ]);
  await database.query(`
    ALTER DATABASE ${database.name} SET TimeZone = 'Asia/Tokyo';
    ALTER DATABASE ${database.name} SET DateStyle = 'German';
    ALTER DATABASE ${database.name} SET IntervalStyle = 'iso_8601';
    ALTER DATABASE ${database.name} SET bytea_output = 'escape';
    ALTER DATABASE ${database.name} SET extra_float_digits = -10;`);
  expect((await backup()).tables[0]!.contentHash).toBe(first.tables[0]!.contentHash);
  await database.query('UPDATE public.notes SET share = 0.10000000000000002 WHERE id = 1');
  expect((await backup()).tables[0]!.contentHash).not.toBe(first.tables[0]!.contentHash);

  const plain = await createTestProject({ database, repository });
  expect((await backup(plain.envFile)).tables[0]).not.toHaveProperty('contentHash');
});

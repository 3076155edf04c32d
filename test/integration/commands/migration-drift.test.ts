import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/domain/manifest.ts';
import { runAgent } from '../../helpers/agent.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { expectNoLeaks } from '../../helpers/leaks.ts';
import { createTestProject } from '../../helpers/project.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';

const migration = 'CREATE TABLE public.notes (id integer PRIMARY KEY)';
const setup = `
  ${migration};
  CREATE SCHEMA supabase_migrations;
  CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
  INSERT INTO supabase_migrations.schema_migrations VALUES ('20260101000000', ARRAY['${migration}'], 'notes');`;

type Document = Pick<Manifest, 'backupId' | 'status' | 'coverage' | 'warnings' | 'migrationDrift'>;

test('a backup compares the schema with its migrations, and again only when one of them has changed', async () => {
  const database = await createTestDatabase();
  const { project, repository } = await createInitializedProject({ database });
  const backup = async (envFile = project.envFile) => {
    const result = await runAgent(['backup', '--env-file', envFile, '--json']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const document = result.json<Document>();
    return { ...document, drift: document.coverage.find(({ component }) => component === 'migration drift') };
  };
  const sql = (backupId: string) =>
    repository.borg('extract', '--stdout', `::${backupId}-database`, 'database/drift/migrations.sql');
  await database.query(setup);

  const first = await backup();
  expect(first.migrationDrift).toMatchObject({ state: 'none', migrations: 1, comparedIn: first.backupId });
  expect(first.drift).toMatchObject({ state: 'empty' });
  expect(await sql(first.backupId)).toMatch(/^-- No difference: 1 migrations?/);

  const second = await backup();
  expect(second.migrationDrift).toEqual(first.migrationDrift);
  expect(second.drift).toMatchObject({
    state: 'empty',
    detail: expect.stringContaining(`as compared in ${first.backupId}`) as string,
  });

  await database.query('ALTER TABLE public.notes ADD COLUMN body text');
  const third = await backup();
  expect(third).toMatchObject({ status: 'complete', warnings: [] });
  expect(third.migrationDrift).toMatchObject({ state: 'drift', comparedIn: third.backupId });
  expect(third.drift).toMatchObject({ state: 'captured' });
  expect(await sql(third.backupId)).toMatch(/ALTER TABLE ONLY public\.notes ADD COLUMN body text/);

  const fourth = await runAgent(['backup', '--env-file', project.envFile]);
  expect(fourth).toMatchObject({ exitCode: 0, stderr: '' });
  expect(fourth.stdout).toMatch(
    /^Drift: .+\nAs SQL: borg extract --stdout ::shop-\S+-database database\/drift\/migrations\.sql$/m,
  );
  const [, fourthId] = /^Backup (\S+) is complete/.exec(fourth.stdout)!;
  expect(await sql(fourthId!)).toBe(await sql(third.backupId));

  await database.query(`INSERT INTO supabase_migrations.schema_migrations VALUES
    ('20260102000000', ARRAY['ALTER TABLE public.notes ADD COLUMN body text'], 'body')`);
  const fifth = await backup();
  expect(fifth.migrationDrift).toMatchObject({ state: 'none', migrations: 2, comparedIn: fifth.backupId });

  const off = await createTestProject({ database, repository, variables: { MIGRATION_DRIFT: 'off' } });
  const sixth = await backup(off.envFile);
  expect(sixth.migrationDrift).toBeNull();
  expect(sixth.drift).toMatchObject({ state: 'not configured', detail: 'MIGRATION_DRIFT is off' });

  expect(await runAgent(['verify', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  await expectNoLeaks(project.stateDirectory);
});

test('migrations that cannot be replayed do not make a backup less good', async () => {
  const database = await createTestDatabase();
  const { project } = await createInitializedProject({ database });
  await database.query(`${setup} UPDATE supabase_migrations.schema_migrations SET statements = ARRAY['SELECT 1/0']`);
  const result = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  const document = result.json<Document>();
  expect(document).toMatchObject({ status: 'complete', warnings: [], migrationDrift: { state: 'not possible' } });
  expect(document.coverage.find(({ component }) => component === 'migration drift')).toMatchObject({
    state: 'not supported',
    detail: expect.stringContaining('division by zero') as string,
  });
});

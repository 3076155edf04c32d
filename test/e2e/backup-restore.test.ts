import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import { createTestRepository } from '../helpers/borg.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { createInitializedProject, dumpText } from '../helpers/scenario.ts';

interface BackupDocument {
  readonly schemaVersion: number;
  readonly status: string;
  readonly backupId: string;
  readonly archives: { name: string; kind: string; originalBytes: number; deduplicatedBytes: number }[];
  readonly coverage: { component: string; state: string; detail: string }[];
  readonly warnings: string[];
}

describe('a Supabase database', () => {
  test('goes into Borg and comes back as it was', async () => {
    const source = await createTestDatabase({ template: 'supabase' });
    const target = await createTestDatabase();
    const { project, repository } = await createInitializedProject({ database: source, target });

    const first = await runAgent(['backup', '--env-file', project.envFile, '--json']);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const document = first.json<BackupDocument>();
    expect(document).toMatchObject({ schemaVersion: 1, command: 'backup', status: 'complete', project: 'shop' });
    expect(document.archives).toMatchObject([{ name: `${document.backupId}-database`, kind: 'database' }]);

    await source.query("UPDATE public.products SET name = name || '!' WHERE id % 2 = 0");
    const second = (await runAgent(['backup', '--env-file', project.envFile, '--json'])).json<BackupDocument>();
    expect(second.archives[0]!.deduplicatedBytes).toBeLessThan(second.archives[0]!.originalBytes / 4);

    const restored = await runAgent([
      'restore',
      'latest',
      '--to',
      'test',
      '--env-file',
      project.envFile,
      '--confirm',
      'shop-test',
      '--json',
    ]);
    expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
    expect(restored.json()).toMatchObject({ status: 'complete', backupId: second.backupId, comparison: { differences: [] } });

    expect(await dumpText(target)).toBe(await dumpText(source));
    expect(await countLargeObjectBytes(target)).toEqual(await countLargeObjectBytes(source));
    await expectNoLeaks(project.directory);
    expect((await stat(repository.location)).mode & 0o777).toBe(0o700);
  });

  test('is restored with several jobs, too', async () => {
    const source = await createTestDatabase({ template: 'supabase' });
    const target = await createTestDatabase();
    const { project } = await createInitializedProject({ database: source, target });
    await runAgent(['backup', '--env-file', project.envFile]);
    const args = ['restore', 'latest', '--to', 'test', '--jobs', '2', '--confirm', 'shop-test', '--env-file', project.envFile];
    const restored = await runAgent(args);
    expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
    expect(restored.stdout).toMatch(
      /^Restored shop-.* into shop-test .*\n.*\nRows: 20 tables .*: all equal\.\n.* are equal\.\n$/,
    );
    expect(await dumpText(target)).toBe(await dumpText(source));
    await expectNoLeaks(project.directory);
  });

  test('comes from a repository behind ssh as well', async () => {
    const source = await createTestDatabase({ template: 'supabase' });
    const repository = await createTestRepository();
    const remoteShell = join(repository.directory, 'rsh');
    // Stands in for ssh: a host and a command come in, and the real `borg serve` answers.
    await writeFile(remoteShell, '#!/bin/sh\n[ "$1" = backup@host ] || exit 99\nshift\nexec sh -c "$*"\n', { mode: 0o700 });
    const variables = { BORG_REPO: `ssh://backup@host${repository.location}`, BORG_RSH: remoteShell };
    const target = await createTestDatabase();
    const { project } = await createInitializedProject({ database: source, target, repository, variables });
    expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
    const args = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--env-file', project.envFile];
    expect(await runAgent(args)).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('a plain database', () => {
  test('without anything in it is backed up completely', async () => {
    const source = await createTestDatabase();
    const { project } = await createInitializedProject({ database: source });
    const result = await runAgent(['backup', '--env-file', project.envFile, '--json']);
    expect(result.exitCode).toBe(0);
    const states = Object.fromEntries(result.json<BackupDocument>().coverage.map(({ component, state }) => [component, state]));
    expect(states).toMatchObject({
      tables: 'empty',
      'large objects': 'empty',
      auth: 'not configured',
      'migration history': 'not configured',
    });
  });

  test('keeps every odd name and value', async () => {
    const source = await createTestDatabase();
    await source.query(oddObjects);
    const target = await createTestDatabase();
    const { project } = await createInitializedProject({ database: source, target });
    expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
    const args = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--env-file', project.envFile];
    expect(await runAgent(args)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await dumpText(target)).toBe(await dumpText(source));
  });
});

const oddObjects = String.raw`
  CREATE SCHEMA "Schema with "" quote";
  CREATE TABLE "Schema with "" quote"."Tab.le *? $1 | (x)" (id int PRIMARY KEY, "Col umn" text);
  INSERT INTO "Schema with "" quote"."Tab.le *? $1 | (x)" VALUES (1, E'a\\.\n\\.\n\t\\N'), (2, NULL), (3, 'ünïcödé 🐘');
  CREATE TABLE "new
line" (x text);
  INSERT INTO "new
line" VALUES (E'\\restrict x'), ('--'), ('COMMIT;');
  CREATE TABLE "ünï 🐘 'quoted'" ();
  CREATE FUNCTION body() RETURNS text LANGUAGE sql AS $body$ SELECT 'x'
-- COPY public.nothing (x) FROM stdin;
$body$;
  COMMENT ON FUNCTION body() IS E'first\n-- second\n\\unrestrict\n\\.\nthird';
`;

async function countLargeObjectBytes(database: TestDatabase): Promise<unknown> {
  return database.query(
    'SELECT loid, count(*), sum(length(data)), md5(string_agg(data, NULL ORDER BY pageno)) FROM pg_largeobject GROUP BY loid ORDER BY loid',
  );
}

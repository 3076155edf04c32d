import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';
import type { Manifest } from '../../../src/domain/manifest.ts';
import { runAgent } from '../../helpers/agent.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import type { TestRepository } from '../../helpers/borg.ts';
import { createTestDatabase, type TestDatabase } from '../../helpers/database.ts';
import { findingsOf, type DrillDocument } from '../../helpers/drilling.ts';
import { startHttpServer } from '../../helpers/http-server.ts';
import { expectNoLeaks } from '../../helpers/leaks.ts';
import { hostileCanaries, loadHostileSource, startPlatformCluster } from '../../helpers/platform.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';
import { createStoredProject, type StoredProject } from '../../helpers/stored-project.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const everyCheck = [
  'archive',
  'restore',
  'rows',
  'content',
  'definitions',
  'foreign keys',
  'indexes',
  'sequences',
  'views',
  'row security',
  'storage rows',
  'assertions',
  'storage objects',
];

async function createProjectWithObjects(variables: Readonly<Record<string, string>> = {}): Promise<StoredProject> {
  const scene = await createStoredProject({ MIGRATION_DRIFT: 'off', VERIFY_CONTENT: 'true', ...variables });
  for (const name of ['a.txt', 'b.txt', 'c.txt']) await scene.storage.putObject('docs', name, `of ${name}`);
  return scene;
}

async function writeAssertions(sql: string): Promise<string> {
  const file = join(await createTemporaryDirectory(), 'checks.sql');
  await writeFile(file, sql);
  return file;
}

test('of a healthy backup every check passes, and what is half a backup, or none of a database, is told', async () => {
  const scene = await createProjectWithObjects();
  expect(await scene.backUp()).toMatchObject({ exitCode: 0 });
  const file = await writeAssertions("SET statement_timeout = '10s';\nSELECT count(*) = 400 FROM public.orders;");
  const result = await scene.run('drill', '--json', '--sample', '60', '--check-sql', file);
  expect({ ...findingsOf(result), stderr: result.stderr, exitCode: result.exitCode }).toEqual({ stderr: '', exitCode: 0 });
  const document = result.json<DrillDocument>();
  expect(document).toMatchObject({ command: 'drill', project: 'shop', status: 'complete', warnings: [] });
  expect(document.checks.map(({ name }) => name)).toEqual(everyCheck);
  expect(document.checks.at(-1)!.detail).toMatch(/^[1-3] objects with \d+ bytes, a sample of 60 % of 3$/);
  expect(document.restoreMs).toBeGreaterThan(0);

  await expectNoLeaks(scene.project.directory);
  expect(await readdir(join(scene.project.stateDirectory, 'shop', 'run'))).toEqual([]);
  expect((await scene.run('list')).stdout).toMatch(/ passed +database, storage$/m);
  expect((await scene.run('show', 'latest')).stdout).toMatch(/^Backup shop-\S+ is complete\. Its drill of .* UTC passed\.\n/);

  // Without its database a backup is a part of one.
  await scene.repository.borg('delete', `::${document.backupId}-database`);
  const half = await scene.run('drill', document.backupId, '--json');
  expect({ ...findingsOf(half), exitCode: half.exitCode }).toEqual({
    archive: ['its database archive is missing'],
    exitCode: 22,
  });
  // Of two buckets a sample is found by reading both at once.
  for (const name of ['1', '2', '3', '4', '5', '6']) await scene.storage.putObject('media', name, 'x'.repeat(1000));
  const { backupId } = (await scene.backUp('--only', 'storage')).document;
  const ofStorage = await scene.run('drill', backupId, '--json', '--sample', '40', '--check-sql', file);
  expect(ofStorage.json<DrillDocument>().checks.at(-1)).toMatchObject({
    state: 'passed',
    detail: expect.stringMatching(/^[1-8] objects with \d\S* bytes, a sample of 40 % of 9$/) as string,
  });
  expect({ ...findingsOf(ofStorage), exitCode: ofStorage.exitCode }).toEqual({
    assertions: ['not checked: no database was restored'],
    exitCode: 3,
  });
  expect(ofStorage.json()).toMatchObject({ status: 'incomplete', restoreMs: null, storageMs: expect.any(Number) as unknown });
});

/** Each of these is found by one check. */
const breaks = `
  DELETE FROM public.events_2026_01 WHERE ctid IN (SELECT ctid FROM public.events_2026_01 LIMIT 3);
  UPDATE public.categories SET name = name || '!' WHERE id = 1;
  DROP POLICY "Everybody may read profiles" ON public.profiles;
  ALTER TABLE public.secrets NO FORCE ROW LEVEL SECURITY;
  DROP INDEX public.products_details;
  SELECT setval('public.orders_id_seq', 7);
  CREATE OR REPLACE VIEW public.broken AS SELECT 1 / (count(*) - count(*)) AS x FROM public.orders;
  ALTER TABLE public.orders DROP CONSTRAINT orders_customer_id_fkey;
  DELETE FROM storage.objects WHERE name = 'b.txt';
  ALTER TABLE public.products ALTER COLUMN name SET DEFAULT 'x';
`;

test('of a backup that is broken in many ways each is told', async () => {
  const told: unknown[] = [];
  const server = await startHttpServer((request, response) => {
    const note = async (): Promise<void> => {
      told.push(JSON.parse(await text(request)));
      response.end();
    };
    void note();
  });
  const scene = await createProjectWithObjects({ NOTIFY_WEBHOOK_URL: server.url });
  await scene.database.query('CREATE VIEW public.broken AS SELECT count(*) AS x FROM public.orders');
  const good = (await scene.backUp()).document.backupId;
  await scene.database.query(`SET storage.allow_delete_query = 'true'; ${breaks}`);
  await craftArchive(scene.repository, {
    from: `${good}-database`,
    as: 'shop-20260101T000000Z-database',
    change: (directory) => dumpInto(scene.database, join(directory, 'database/full.dump')),
  });
  await craftArchive(scene.repository, {
    from: `${good}-storage`,
    as: 'shop-20260101T000000Z-storage',
    // As the agent does: what describes the objects stands before them.
    paths: ['manifest.json', 'RECOVERY.md', 'storage/docs/bucket.json', 'storage/docs/objects.jsonl', 'storage/docs/objects'],
    change: (directory) => writeFile(join(directory, 'storage/docs/objects/c.txt'), 'of c.TXT'),
  });
  const file = await writeAssertions('SELECT true;\nSELECT count(*) > 1000 FROM public.orders;');
  const result = await scene.run('drill', '20260101', '--json', '--check-sql', file);
  expect(result.exitCode).toBe(22);
  expect(findingsOf(result)).toEqual({
    rows: ['table public.events_2026_01: 152 instead of 155', 'table storage.objects: 2 instead of 3'],
    content: ['table public.categories', expect.stringMatching(/^not checked: /)],
    definitions: [expect.stringContaining('public.products.name')],
    'foreign keys': ['missing: table constraint orders_customer_id_fkey on public.orders'],
    indexes: ['missing: index public.products_details'],
    sequences: [
      'public.orders_id_seq gives 8 next, and public.orders.id holds 400 already',
      'different: sequence value public.orders_id_seq',
    ],
    views: ['view public.broken: division by zero', 'different: view public.broken'],
    'row security': [
      expect.stringContaining('missing: policy "Everybody may read profiles"') as string,
      'different: row security public.secrets',
    ],
    'storage rows': ['docs/b.txt: the object is there, and its row is not'],
    'storage objects': ['docs/c.txt: has another content than when it was downloaded'],
    assertions: ['statement 2 gives 1 of 1 rows that are not true'],
  });
  const document = result.json<DrillDocument>();
  expect(document).toMatchObject({ status: 'failed', error: { code: 'verification_failed' } });

  expect(told).toMatchObject([{ project: 'shop', event: 'failure', error: { code: 'verification_failed' } }]);
  const status = await scene.run('status', '--json');
  expect(status.json()).toMatchObject({
    lastRun: { command: 'drill', status: 'failed', error: { code: 'verification_failed' } },
    lastDrill: { status: 'failed', backupId: 'shop-20260101T000000Z' },
  });
});

/** As a backup does it. */
async function dumpInto({ config }: TestDatabase, file: string): Promise<void> {
  const env = { PGHOST: config.host, PGPORT: String(config.port), PGUSER: config.user, PGPASSWORD: config.password!.reveal() };
  const manner = ['--format=custom', '--compress=0', `--file=${file}`];
  await execa(join(inject('cluster').binDirectory, 'pg_dump'), [...manner, config.database], { env });
}

test('rows that refer to nothing, an extension that is nowhere, and a disk that is full are told apart', async () => {
  const database = await createTestDatabase();
  await database.query(`
    CREATE EXTENSION citext;
    CREATE TABLE names (name citext);
    CREATE TABLE parents (id text PRIMARY KEY);
    CREATE TABLE children (parent text REFERENCES parents);
    INSERT INTO parents VALUES ('present');
    ALTER TABLE children DISABLE TRIGGER ALL;
    INSERT INTO children VALUES ('missing');
    ALTER TABLE children ENABLE TRIGGER ALL;
    CREATE FUNCTION folded() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN 'A'::public.citext = 'a'; END $$;
    CREATE VIEW folds AS SELECT folded();
    CREATE MATERIALIZED VIEW kept_folds AS SELECT folded();
    CREATE TABLE elders (a int);
    CREATE TABLE heirs (b int, a int);
    ALTER TABLE heirs INHERIT elders;`);
  const { project, repository } = await createInitializedProject({ database, variables: { MIGRATION_DRIFT: 'off' } });
  const run = (...args: readonly string[]) => runAgent([...args, '--env-file', project.envFile]);
  const { backupId } = (await run('backup', '--json')).json<{ backupId: string }>();
  const from = `${backupId}-database`;

  const broken = await run('drill', '--json');
  expect(broken.exitCode).toBe(22);
  expect(findingsOf(broken)['restore']).toEqual([expect.stringContaining('violates foreign key constraint')]);
  const { checks, restoreMs } = broken.json<DrillDocument>();
  expect(restoreMs).toBeNull();
  expect(checks.filter(({ state }) => state === 'passed').map(({ name }) => name)).toEqual(['archive']);

  // Both of the same length, as the dump wants it; an extension of that name there is nowhere.
  const renamed = { citext: 'citexx', missing: 'present' };
  const change = (directory: string): Promise<void> => replaceAll(directory, renamed);
  await craftArchive(repository, { from, as: 'shop-20260102T000000Z-database', change });
  const partly = await run('drill', '20260102');
  expect(partly).toMatchObject({ exitCode: 3, stderr: '' });
  expect(partly.stdout).toMatch(/^The drill of shop-\S+ found nothing wrong, but NOT ALL COULD BE CHECKED here;/);
  expect(partly.stdout).toMatch(/^Not checked, restore: extension citexx.*not installed/m);
  expect(partly.stdout).toMatch(/^foreign keys +passed +1 foreign key$/m);
  expect(partly.stdout).toMatch(/^Not checked, views: view public\.folds: type "public\.citexx" does not exist$/m);
  expect(partly.stdout).toMatch(/^Not checked, restore: .*kept_folds.*type "public\.citexx" does not exist/m);
  expect(partly.stdout).toMatch(/^Not checked, definitions: table public\.heirs: another order of columns/m);
  expect(partly.stdout).not.toMatch(/FAILED|^Not checked.*(parents|children)/m);

  // As when the server is gone while they run.
  const file = await writeAssertions('SELECT pg_terminate_backend(pg_backend_pid());');
  const lost = await run('drill', '20260102', '--check-sql', file);
  expect(lost).toMatchObject({ exitCode: 1, stdout: '' });
  expect(lost.stderr).toMatch(/The drill was broken off: its server or a program of it was ended/);

  const server = { ...(await readManifest(repository, from)).server, sizeBytes: 1e15 };
  await craftArchive(repository, { from, as: 'shop-20260103T000000Z-database', manifest: { server } });
  const tooLarge = await run('drill', '20260103');
  expect(tooLarge).toMatchObject({ exitCode: 21, stdout: '' });
  expect(tooLarge.stderr).toMatch(/Nothing was begun\./);
});

async function readManifest(repository: TestRepository, archive: string): Promise<Manifest> {
  return JSON.parse(await repository.borg('extract', '--stdout', `::${archive}`, 'manifest.json')) as Manifest;
}

/** Changes texts in all files of an archive, whose manifest goes with it. */
async function replaceAll(directory: string, texts: Readonly<Record<string, string>>): Promise<void> {
  const path = join(directory, 'manifest.json');
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    let content = await readFile(file, 'latin1');
    for (const [from, to] of Object.entries(texts)) content = content.replaceAll(from, to);
    await writeFile(file, content, 'latin1');
  }
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  const parts = manifest.parts.map(async (part) => {
    if (part.sha256 === null) return part;
    const sha256 = createHash('sha256')
      .update(await readFile(join(directory, part.path)))
      .digest('hex');
    return { ...part, sha256 };
  });
  await writeFile(path, JSON.stringify({ ...manifest, parts: await Promise.all(parts) }));
}

test('of a project of the platform with all that users do to theirs nothing is taken for a fault', async () => {
  const source = await startPlatformCluster();
  await loadHostileSource(source);
  // Run by whoever reads the view: as a superuser it would get out of the scratch server.
  const escape = join('/var/tmp', `agent-test-escape-${randomUUID()}`);
  await source.postgres.query(`
    CREATE FUNCTION public.escape() RETURNS int LANGUAGE plpgsql AS
      $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch ${escape}'; RETURN 1; END $$;
    CREATE VIEW public.escapes AS SELECT public.escape();`);
  const { project } = await createInitializedProject({ database: source.postgres, variables: { MIGRATION_DRIFT: 'off' } });
  const run = (...args: readonly string[]) => runAgent([...args, '--env-file', project.envFile]);
  expect(await run('backup')).toMatchObject({ exitCode: 0 });
  const result = await run('drill', '--json');
  for (const canary of hostileCanaries) expect(result.stdout + result.stderr).not.toContain(canary);
  const failed = result
    .json<DrillDocument>()
    .checks.flatMap(({ name, failed: found }) => found.map((what) => `${name}: ${what}`));
  expect({ failed, exitCode: result.exitCode }).toEqual({ failed: [], exitCode: 3 });
  expect(findingsOf(result)['views']!.join('\n')).toMatch(
    /^not checked: view public\.escapes: (must be superuser|permission denied to COPY)/m,
  );
  expect(existsSync(escape)).toBe(false);
});

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/config/project-config.ts';
import { runAgent } from '../helpers/agent.ts';
import type { ClusterAddress } from '../helpers/cluster.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { formatUrl } from '../helpers/project.ts';
import { archiveNames, createInitializedProject, dumpText, expectGood } from '../helpers/scenario.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

interface Document {
  readonly status: string;
  readonly coverage: { component: string; state: string; detail: string }[];
  readonly warnings: string[];
}

/** On a server of its own, since roles belong to the whole server: a role with a password that may connect and no more. */
async function createSourceOfReader(): Promise<{ cluster: ClusterAddress; source: TestDatabase; url: string }> {
  const { address: cluster } = await startTestCluster();
  const source = await createTestDatabase({ cluster });
  await source.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'secret-of-the-reader'`);
  const url = formatUrl({ ...source.config, user: role, password: new Secret('secret-of-the-reader') });
  return { cluster, source, url };
}

const role = 'Reader of things';

describe('what the role may not read', () => {
  test('is left out by name, and the run is incomplete: exit code 3', async () => {
    const { source, url } = await createSourceOfReader();
    await source.query(`
      CREATE TABLE public.open AS SELECT 1 AS x; GRANT SELECT ON public.open TO "${role}";
      CREATE TABLE public."closed ""table""
*" AS SELECT 1 AS x;
      CREATE TABLE public.filtered AS SELECT 1 AS x; ALTER TABLE public.filtered ENABLE ROW LEVEL SECURITY; GRANT SELECT ON public.filtered TO "${role}";
      CREATE SEQUENCE public.closed_sequence;
      CREATE SCHEMA "Closed.schema"; CREATE TABLE "Closed.schema".t AS SELECT 1 AS x; GRANT SELECT ON "Closed.schema".t TO "${role}";
      SELECT lo_from_bytea(0, 'large')`);
    const { project } = await createInitializedProject({ database: source, variables: { SUPABASE_DB_URL: url } });
    const result = await runAgent(['backup', '--env-file', project.envFile, '--json']);
    expect(result.exitCode).toBe(3);
    const { status, coverage, warnings } = result.json<Document>();
    expect(status).toBe('incomplete');
    const unreadable = coverage.filter(({ state }) => state === 'not readable').map(({ component }) => component);
    expect(unreadable.toSorted()).toEqual([
      'large objects',
      'schema Closed.schema',
      'sequence public.closed_sequence',
      'table public.closed "table"\n*',
      'table public.filtered',
    ]);
    expect(warnings).toHaveLength(5);
    expect(coverage).toContainEqual({ component: 'tables', state: 'captured', detail: '1 table with 1 row' });
    await expectGood(project);
  });

  test('makes a restore ask for --allow-incomplete, and end with exit code 3', async () => {
    const { cluster, source, url } = await createSourceOfReader();
    const target = await createTestDatabase({ cluster });
    await source.query(`
      CREATE TABLE public.secret (id int PRIMARY KEY);
      CREATE TABLE public.open (id int REFERENCES public.secret, t text); GRANT SELECT ON public.open TO "${role}";
      INSERT INTO public.secret VALUES (1); INSERT INTO public.open VALUES (1, 'DROP TABLE public.open;');
      CREATE VIEW public.looks_at_secret AS SELECT * FROM public.secret`);
    const { project } = await createInitializedProject({ database: source, target, variables: { SUPABASE_DB_URL: url } });
    await runAgent(['backup', '--env-file', project.envFile]);
    const args = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--env-file', project.envFile, '--json'];
    const refused = await runAgent(args);
    expect(refused.json()).toMatchObject({ error: { code: 'backup_incomplete', exitCode: 2 } });
    expect(await dumpText(target)).not.toContain('CREATE TABLE');

    const restored = await runAgent([...args, '--allow-incomplete']);
    expect(restored).toMatchObject({ exitCode: 3, stderr: '' });
    const document = restored.json<{ status: string; skipped: string[]; comparison: { differences: unknown[] } }>();
    expect(document).toMatchObject({ status: 'incomplete', comparison: { differences: [] } });
    expect(document.skipped).toEqual(
      expect.arrayContaining([expect.stringContaining('relation "public.secret" does not exist')]),
    );
    expect(await target.query('SELECT * FROM public.open')).toEqual([{ id: 1, t: 'DROP TABLE public.open;' }]);
  });
});

test('a statement_timeout or another time limit of the role does not end the dump', async () => {
  const { source, url } = await createSourceOfReader();
  await source.query(`
    CREATE TABLE public.slow AS SELECT g AS id, repeat(md5(g::text), 20) AS t FROM generate_series(1, 100000) g;
    GRANT SELECT ON public.slow TO "${role}";
    ALTER ROLE "${role}" SET statement_timeout = '20ms'; ALTER ROLE "${role}" SET lock_timeout = '20ms';
    ALTER ROLE "${role}" SET idle_in_transaction_session_timeout = '20ms';
    DO $$ BEGIN
      IF current_setting('server_version_num')::int >= 170000 THEN ALTER ROLE "${role}" SET transaction_timeout = '20ms'; END IF;
    END $$`);
  const { project } = await createInitializedProject({ database: source, variables: { SUPABASE_DB_URL: url } });
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
});

test('rows that are written meanwhile are in neither the dump nor the counts', async () => {
  const source = await createTestDatabase({ template: 'supabase' });
  const { project } = await createInitializedProject({ database: source });
  const running = new AbortController();
  const writing = (async () => {
    while (!running.signal.aborted)
      await source.query("INSERT INTO public.categories (name) SELECT 'more' FROM generate_series(1, 50)");
  })();
  const result = await runAgent(['backup', '--env-file', project.envFile]);
  running.abort();
  await writing;
  expect(result.exitCode).toBe(0);
  await expectGood(project);
});

test('the server is not there: exit code 20', async () => {
  const source = await createTestDatabase();
  const { project, repository } = await createInitializedProject({
    database: source,
    variables: { SUPABASE_DB_URL: 'postgresql://someone:canary-password@127.0.0.1:1/postgres?sslmode=disable' },
  });
  const result = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  expect(result.json()).toMatchObject({ error: { code: 'source_unreachable', exitCode: 20 } });
  expect(result.stdout + result.stderr).not.toContain('canary');
  expect(await archiveNames(repository)).toEqual([]);
  await expectNoLeaks(project.directory);
});

test('the password is wrong: exit code 20, with the variable to check', async () => {
  const source = await createTestDatabase();
  const url = formatUrl({ ...source.config, password: new Secret('canary-password') });
  const { project } = await createInitializedProject({ database: source, variables: { SUPABASE_DB_URL: url } });
  const result = await runAgent(['backup', '--env-file', project.envFile]);
  expect(result.exitCode).toBe(20);
  expect(result.stderr).toMatch(/password authentication failed.*\nTry: The user or password is wrong: check SUPABASE_DB_URL/);
  expect(result.stderr).not.toContain('canary');
});

test('port 6543 is refused before anything is connected: exit code 2', async () => {
  const source = await createTestDatabase();
  const { project } = await createInitializedProject({ database: source });
  const env = { SUPABASE_DB_URL: 'postgresql://postgres.ref:x@aws-0-eu.pooler.supabase.com:6543/postgres' };
  const result = await runAgent(['backup', '--env-file', project.envFile], { env });
  expect(result.exitCode).toBe(2);
  expect(result.stderr).toMatch(/SUPABASE_DB_URL.*6543.*5432/s);
});

test('pg_dump is older than the server: nothing is done, and the message names both', async () => {
  const source = await createTestDatabase();
  // No older pg_dump is to be had from the same Debian release: this one knows its version and refuses all else.
  const directory = join(await createTemporaryDirectory(), 'bin');
  await mkdir(directory);
  const script = '#!/bin/sh\n[ "$*" = --version ] || exit 99\necho "pg_dump (PostgreSQL) 9.6.24"\n';
  await writeFile(join(directory, 'pg_dump'), script);
  await chmod(join(directory, 'pg_dump'), 0o755);
  const { project, repository } = await createInitializedProject({ database: source, variables: { PG_BIN_DIR: directory } });
  const result = await runAgent(['backup', '--env-file', project.envFile]);
  expect(result.exitCode).toBe(2);
  expect(result.stderr).toMatch(
    /PostgreSQL \d+ needs pg_dump \d+ or newer; found 9\.6\.24 in .*\nTry: Install the package postgresql-client-\d+/,
  );
  expect(await archiveNames(repository)).toEqual([]);
  await expectNoLeaks(project.directory);
});

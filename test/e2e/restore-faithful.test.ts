import { Client } from 'pg';
import { expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import type { TestProject } from '../helpers/project.ts';
import { createInitializedProject } from '../helpers/scenario.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

interface Pair {
  readonly target: TestDatabase;
  readonly project: TestProject;
  restore(...options: readonly string[]): ReturnType<typeof runAgent>;
}

async function backUp(sql: string): Promise<Pair> {
  const { address } = await startTestCluster();
  const source = await createTestDatabase({ cluster: address });
  const target = await createTestDatabase({ cluster: address });
  await source.query(sql);
  const { project } = await createInitializedProject({ database: source, target });
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  const fixed = ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--json', '--env-file', project.envFile];
  return { target, project, restore: (...options) => runAgent([...fixed, ...options]) };
}

test.each([['in one transaction'], ['with two jobs', '--jobs', '2']])(
  'what indexes and materialized views call is run as their owner, %s',
  async (_, ...options) => {
    const { target, restore } = await backUp(`
      CREATE ROLE app;
      GRANT CREATE, USAGE ON SCHEMA public TO app;
      CREATE TABLE public.secrets (id integer, reader name);
      INSERT INTO public.secrets VALUES (1, 'app'), (2, 'postgres');
      ALTER TABLE public.secrets ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON public.secrets USING (reader = current_user);
      GRANT SELECT ON public.secrets TO app;
      SET ROLE app;
      CREATE FUNCTION public.owned(id integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
        'BEGIN IF current_user <> ''app'' THEN RAISE ''called by %'', current_user; END IF; RETURN id; END';
      CREATE TABLE public.notes (id integer);
      INSERT INTO public.notes VALUES (1), (2);
      CREATE INDEX notes_owned ON public.notes (public.owned(id));
      CREATE MATERIALIZED VIEW public.seen AS SELECT id, current_user AS who FROM public.secrets;
      RESET ROLE;`);
    expect(await restore(...options)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await target.query('SELECT id, who::text FROM public.seen')).toEqual([{ id: 1, who: 'app' }]);
  },
);

test('a failure among several jobs leaves the rows, which nobody reads before the policies are there, and says so', async () => {
  const { target, restore } = await backUp(`
    CREATE ROLE anon;
    CREATE TABLE public.notes (id integer PRIMARY KEY);
    INSERT INTO public.notes VALUES (1), (2);
    GRANT SELECT ON public.notes TO anon, PUBLIC;
    CREATE FUNCTION public.picky(id integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
      'BEGIN IF current_setting(''test.picky'', true) = ''on'' THEN RAISE ''not here''; END IF; RETURN id; END';
    CREATE INDEX notes_picky ON public.notes (public.picky(id));`);
  await target.query(`ALTER DATABASE "${target.name}" SET test.picky = 'on'`);
  await target.query('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO anon');

  const { exitCode, document } = await restore('--jobs', '2').then((result) => ({
    exitCode: result.exitCode,
    document: result.json<{ error: { message: string } }>(),
  }));
  expect({ exitCode, document }).toMatchObject({ exitCode: 1, document: { error: { code: 'restore_failed' } } });
  expect(document.error.message).toContain('not here');
  expect(document.error.message).toMatch(
    /All definitions and rows are on the target, and \d of 2 indexes, constraints and the like; /,
  );
  expect(
    await target.query("SELECT count(*)::integer, has_table_privilege('anon', 'public.notes', 'SELECT') FROM public.notes"),
  ).toEqual([{ count: 2, has_table_privilege: false }]);
});

test.each([['in one transaction'], ['with two jobs', '--jobs', '2']])(
  'what relies on a search_path is made as well, as a server has it that was upgraded to 17, %s',
  async (_, ...options) => {
    const { target, restore } = await backUp(`
      CREATE FUNCTION public.squeeze(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(trim(t))';
      CREATE FUNCTION public.normal(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT squeeze(t)';
      CREATE TABLE public.names (name text);
      INSERT INTO public.names VALUES (' A');
      ALTER FUNCTION public.normal(text) SET search_path = public;
      CREATE INDEX names_normal ON public.names (public.normal(name));
      CREATE VIEW public.normalized AS SELECT public.normal(name) FROM public.names;
      CREATE MATERIALIZED VIEW public.kept AS SELECT * FROM public.normalized;
      ALTER FUNCTION public.normal(text) RESET search_path;`);
    expect(await restore(...options)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await target.query('SELECT normal FROM public.kept')).toEqual([{ normal: 'a' }]);
  },
);

test('what PostgreSQL prints in another way once it has read it is no difference', async () => {
  const { restore } = await backUp(`
    CREATE TABLE public.notes (a integer, s varchar(9) CHECK (s IN ('x', 'y')), CHECK (a BETWEEN 1 AND 2 AND s <> ''));
    CREATE VIEW public.some AS SELECT * FROM public.notes WHERE a BETWEEN 1 AND 2 AND s IN ('x', 'y');
    CREATE VIEW public.joined AS SELECT n.a FROM public.notes n NATURAL LEFT JOIN (SELECT 1 AS other) o;
    CREATE INDEX picked ON public.notes (a) WHERE a BETWEEN 1 AND 2 AND s NOT IN ('x', 'y');
    CREATE POLICY picked ON public.notes USING (a BETWEEN 1 AND 2 AND s IN ('x', 'y'));`);
  expect(await restore()).toMatchObject({ exitCode: 0, stderr: '' });
});

test('rights on objects of PostgreSQL itself come back', async () => {
  const { target, restore } = await backUp(`
    REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
    GRANT SELECT (rolname) ON pg_catalog.pg_authid TO PUBLIC;`);
  expect(await restore()).toMatchObject({ exitCode: 0, stderr: '' });
  expect(
    await target.query(`
      SELECT has_function_privilege('pg_monitor', 'pg_sleep(double precision)', 'EXECUTE') AS sleep,
             has_column_privilege('pg_monitor', 'pg_authid', 'rolname', 'SELECT') AS rolname`),
  ).toEqual([{ sleep: false, rolname: true }]);
});

test('columns that a dump cannot keep in their order are named, and no failure', async () => {
  const { project, restore } = await backUp(`
    CREATE TABLE public.parent (a integer);
    CREATE TABLE public.child (own integer) INHERITS (public.parent);
    ALTER TABLE public.parent ADD COLUMN late text;`);
  const restored = await restore();
  expect(restored).toMatchObject({ exitCode: 3, stderr: '' });
  expect(restored.json()).toMatchObject({ status: 'incomplete', unexplained: [] });
  const compared = await runAgent(['compare', 'latest', '--to', 'test', '--env-file', project.envFile]);
  expect(compared).toMatchObject({ exitCode: 3, stderr: '' });
  expect(compared.stdout).toMatch(/other order of columns.*: public\.child$/m);
});

test('an index that cannot be built does not keep a table from being backed up, nor the rest from being restored', async () => {
  const { target, restore } = await backUp(`
    CREATE FUNCTION public.once(id integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
      'BEGIN IF id = 0 AND current_setting(''app.building'', true) IS NULL THEN RAISE ''not again''; END IF; RETURN id; END';
    CREATE TABLE public.notes (id integer);
    INSERT INTO public.notes VALUES (1), (2);
    SET app.building = 'yes';
    CREATE INDEX notes_once ON public.notes ((public.once(id) + public.once(0)));
    CREATE VIEW public.after AS SELECT 1 AS one;`);
  const strict = await restore();
  expect(strict).toMatchObject({ exitCode: 1 });
  expect(strict.stdout).toMatch(/not again.*CREATE INDEX notes_once/);
  const lenient = await restore('--allow-incomplete');
  expect(lenient).toMatchObject({ exitCode: 3 });
  expect(lenient.json()).toMatchObject({
    unexplained: [],
    skipped: [expect.stringMatching(/^index notes_once in schema public: not again/)],
  });
  expect(await target.query('SELECT count(*)::integer AS rows, (SELECT one FROM public.after) FROM public.notes')).toEqual([
    { rows: 2, one: 1 },
  ]);
});

test('a database in another encoding than UTF-8 comes back', async () => {
  const { address } = await startTestCluster();
  const server = await createTestDatabase({ cluster: address });
  const [source, target] = ['latin', 'latin copy'].map((name) => ({ ...server, config: { ...server.config, database: name } }));
  for (const name of ['latin', '"latin copy"'])
    await server.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`);
  const client = new Client({ ...source!.config, password: source!.config.password!.reveal(), ssl: false });
  await client.connect();
  await client.query(`
    CREATE SCHEMA "schön";
    CREATE TABLE "schön"."größe" ("länge" text DEFAULT 'ü');
    INSERT INTO "schön"."größe" VALUES ('äöü');
    COMMENT ON TABLE "schön"."größe" IS 'ß';`);
  await client.end();
  const { project } = await createInitializedProject({
    database: source!,
    target: target!,
    variables: { VERIFY_CONTENT: 'true' },
  });
  const run = (...args: readonly string[]): ReturnType<typeof runAgent> => runAgent([...args, '--env-file', project.envFile]);
  expect(await run('backup')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await run('verify', 'latest', '--data')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await run('restore', 'latest', '--to', 'test', '--confirm', 'shop-test')).toMatchObject({ exitCode: 0, stderr: '' });
});

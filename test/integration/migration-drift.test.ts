import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { composeCommands } from '../../src/composition.ts';
import { captureMigrationDrift, type DriftRequest, type MigrationDrift } from '../../src/capture/migration-drift.ts';
import { inspectSource } from '../../src/capture/source.ts';
import type { ConnectionConfig } from '../../src/config/project-config.ts';
import { createDatabases } from '../../src/tools/postgres/databases.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { loadHostileSource, startPlatformCluster, type PlatformUser } from '../helpers/platform.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

/** What migrations of real projects do: each statement is also run on the source. */
const migrations = {
  '20260101000000': [
    `CREATE TABLE public.notes (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      owner uuid REFERENCES auth.users ON DELETE CASCADE,
      kind varchar(10) CHECK (kind IN ('a', 'b')),
      body text NOT NULL DEFAULT ''
    )`,
    'ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY',
    'CREATE POLICY "own notes" ON public.notes TO authenticated USING (owner = auth.uid())',
    "CREATE FUNCTION public.add(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT a + b'",
    'CREATE VIEW public.short_notes AS SELECT id, left(body, 20) AS start FROM public.notes',
  ],
  '20260102000000': [
    "INSERT INTO storage.buckets (id, name) VALUES ('avatars', 'avatars')",
    `-- everybody may look
     CREATE POLICY "avatars are public" ON storage.objects FOR SELECT USING (bucket_id = 'avatars')`,
    `CREATE FUNCTION public.new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
     'BEGIN INSERT INTO public.notes (owner) VALUES (NEW.id); RETURN NEW; END'`,
    'CREATE TRIGGER on_new_user AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.new_user()',
    "SELECT pg_catalog.set_config('search_path', '', false)",
  ],
  '20260103000000': [
    "CREATE TYPE mood AS ENUM ('sad', 'happy')",
    'BEGIN',
    'ALTER PUBLICATION supabase_realtime ADD TABLE public.notes',
    'COMMIT',
    "COMMENT ON TABLE public.notes IS 'What people write -- down'",
  ],
  '20260104000000': ["ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad'", "ALTER TABLE notes ADD COLUMN mood mood DEFAULT 'ok'"],
  '20260105000000': ['CREATE INDEX CONCURRENTLY notes_by_owner ON public.notes (owner)'],
};

async function createProject(): Promise<{ postgres: PlatformUser; administrator: PlatformUser }> {
  const { postgres, administrator } = await startPlatformCluster();
  for (const [version, statements] of Object.entries(migrations)) {
    await noteMigration(postgres, version, statements);
    // The platform lets `postgres` make policies on storage.objects; plain PostgreSQL does not.
    for (const sql of statements) await (sql.includes(' ON storage.') ? administrator : postgres).query(sql);
  }
  return { postgres, administrator };
}

type Queryable = Pick<PlatformUser, 'query'>;

async function noteMigration(database: Queryable, version: string, statements: readonly string[] | null): Promise<void> {
  await database.query('CREATE SCHEMA IF NOT EXISTS supabase_migrations');
  await database.query(`CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations
    (version text PRIMARY KEY, statements text[], name text)`);
  await database.query('INSERT INTO supabase_migrations.schema_migrations VALUES ($1, $2)', [version, statements]);
}

interface DriftOptions extends Partial<DriftRequest> {
  readonly binDirectory?: string;
  readonly signal?: AbortSignal;
}

/** Captures the drift, and looks that nothing is left of it. */
async function captureDrift(connection: ConnectionConfig, options: DriftOptions = {}): Promise<MigrationDrift | undefined> {
  const { signal = new AbortController().signal, binDirectory, ...request } = options;
  const directory = await createTemporaryDirectory();
  // As root the server's user has to get to its own directory.
  await chmod(directory, 0o711);
  const [run, temporaryDirectory] = [join(directory, 'run'), join(directory, 'tmp')];
  await mkdir(run, { mode: 0o700 });
  await mkdir(temporaryDirectory, { mode: 0o711 });
  const commands = composeCommands({ environment: process.env, signal });
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  const databases = createDatabases({ commands, directory: binDirectory, path, temporaryDirectory }, signal);
  const snapshot = await databases.openSnapshot(connection);
  try {
    const source = await inspectSource(snapshot);
    const programs = await databases.findPrograms(15);
    const environment = await databases.clientEnvironment(connection, run);
    return await captureMigrationDrift(
      { commands, databases, signal },
      { snapshot, source, programs, environment, directory: run, ...request },
    );
  } finally {
    await snapshot.close();
    await expectNoLeaks(directory);
  }
}

test('migrations that make what is there leave no drift', async () => {
  const { config } = (await createProject()).postgres;
  expect(await captureDrift(config)).toEqual({
    state: 'none',
    detail: expect.stringMatching(/^5 migrations made this schema/) as string,
    migrations: 5,
    sql: '',
  });
});

test('what was changed by hand comes as SQL', async () => {
  const { postgres, administrator } = await createProject();
  const { config, query } = postgres;
  await administrator.query('DROP POLICY "avatars are public" ON storage.objects');
  await query(`
    ALTER TABLE public.notes ADD COLUMN pinned boolean NOT NULL DEFAULT false, ALTER COLUMN kind TYPE text, DROP COLUMN mood;
    ALTER TYPE public.mood ADD VALUE 'bored' BEFORE 'happy';
    CREATE OR REPLACE FUNCTION public.add(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT a + b + 1';
    CREATE OR REPLACE VIEW public.short_notes AS SELECT id, left(body, 20) AS start, pinned FROM public.notes;
    CREATE POLICY "pinned notes" ON public.notes FOR SELECT USING (pinned);
    COMMENT ON TABLE public.notes IS NULL;
    COMMENT ON COLUMN public.notes.pinned IS 'it''s on top';
    ALTER PUBLICATION supabase_realtime DROP TABLE public.notes;
    CREATE SCHEMA "by Hand";
    CREATE TABLE "by Hand"."A b" (id serial PRIMARY KEY, note bigint REFERENCES public.notes);
    CREATE CAST (public.mood AS integer) WITH INOUT`);

  const drift = await captureDrift(config);
  expect(drift).toMatchObject({ state: 'drift', migrations: 5 });
  for (const statement of [
    'ALTER TABLE ONLY public.notes ADD COLUMN pinned boolean DEFAULT false NOT NULL;',
    'ALTER TABLE ONLY public.notes DROP COLUMN mood;',
    "ALTER TYPE public.mood ADD VALUE 'bored' AFTER 'ok';",
    'CREATE OR REPLACE FUNCTION public.add(a integer, b integer)',
    'CREATE OR REPLACE VIEW public.short_notes',
    'DROP POLICY "avatars are public" ON storage.objects;',
    'CREATE POLICY "pinned notes" ON public.notes',
    'COMMENT ON TABLE public.notes IS NULL;',
    "COMMENT ON COLUMN public.notes.pinned IS 'it''s on top';",
    'ALTER PUBLICATION supabase_realtime DROP TABLE ONLY public.notes;',
    'CREATE SCHEMA "by Hand";',
    'CREATE TABLE "by Hand"."A b" (',
    'CREATE CAST (public.mood AS integer) WITH INOUT;',
  ]) {
    expect(drift?.sql).toContain(statement);
  }
  expect(drift?.sql).not.toMatch(/did not work|Still different/);

  // The text is what it says: as one more migration it makes the drift go away.
  await noteMigration({ query }, '20260106000000', [drift!.sql]);
  expect(await captureDrift(config)).toMatchObject({ state: 'none', migrations: 6 });
});

test('what was dropped by hand is dropped', async () => {
  const { postgres, administrator } = await createProject();
  const { config, query } = postgres;
  await administrator.query('DROP TRIGGER on_new_user ON auth.users');
  await query(`
    DROP FUNCTION public.new_user();
    DROP TABLE public.notes CASCADE;
    DROP TYPE public.mood`);
  const drift = await captureDrift(config);
  expect(drift?.sql).toContain('DROP TABLE public.notes;');
  expect(drift?.sql).toContain('DROP TRIGGER on_new_user ON auth.users;');
  expect(drift?.sql).not.toMatch(/did not work|Still different|DROP INDEX/);
});

test('all that a hostile schema holds can be said in SQL', async () => {
  const cluster = await startPlatformCluster();
  await loadHostileSource(cluster, { superuserPart: false });
  const { config, query } = cluster.postgres;
  await noteMigration({ query }, '1', []);
  await query(
    "DELETE FROM supabase_migrations.schema_migrations; INSERT INTO supabase_migrations.schema_migrations VALUES ('1', '{SELECT 1}')",
  );
  const drift = await captureDrift(config);
  expect(drift?.state).toBe('drift');
  expect(drift?.sql).not.toMatch(/^-- (This did not work|Still different)/m);
  expect(drift?.sql).not.toContain('canary-mapping-password');
  await noteMigration({ query }, '2', [drift!.sql]);
  expect(await captureDrift(config)).toMatchObject({ state: 'none', sql: '' });
});

test('no secret of foreign servers and subscriptions is in the text', async () => {
  const source = await createTestDatabase();
  await noteMigration(source, '1', ['CREATE TABLE public.a ()']);
  await source.query(`
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'canary-host');
    CREATE USER MAPPING FOR postgres SERVER other OPTIONS (user 'u', password 'canary-password');
    CREATE FOREIGN TABLE public.far (id integer) SERVER other;
    CREATE TABLE public.b (id integer);
    CREATE SUBSCRIPTION s CONNECTION 'host=canary-host password=canary-password' PUBLICATION p WITH (connect = false)`);
  const drift = await captureDrift(source.config);
  await source.query('ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s');
  expect(drift).toMatchObject({ state: 'drift' });
  expect(drift?.sql).toContain('CREATE TABLE public.b');
  expect(JSON.stringify(drift)).not.toContain('canary');
});

test('a migration that fails is named with its error', async () => {
  const source = await createTestDatabase();
  await noteMigration(source, '20260101000000', ['CREATE TABLE public.a (id integer)']);
  await noteMigration(source, '20260102000000', ['ALTER TABLE public.missing ADD COLUMN b integer']);
  expect(await captureDrift(source.config)).toEqual({
    state: 'not possible',
    detail: 'migration 20260102000000: relation "public.missing" does not exist',
    migrations: 2,
    sql: '',
  });
});

test('an extension that this machine does not have is named, not needed', async () => {
  const source = await createTestDatabase();
  await source.query('CREATE EXTENSION hstore');
  // As if it had come from elsewhere: the catalog is all that a dump goes by.
  await source.query("UPDATE pg_extension SET extname = 'pg_elsewhere' WHERE extname = 'hstore'");
  await noteMigration(source, '1', ['CREATE EXTENSION IF NOT EXISTS pg_elsewhere', 'CREATE TABLE public.a (id integer)']);
  await source.query('CREATE TABLE public.a (id integer)');
  const drift = await captureDrift(source.config);
  expect(drift).toMatchObject({ state: 'none' });
  expect(drift?.detail).toContain('extensions not on this machine: pg_elsewhere');
});

test('a migration cannot run programs on this machine', async () => {
  const source = await createTestDatabase();
  const directory = await createTemporaryDirectory();
  await noteMigration(source, '1', [
    `DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${directory}/run'''; END $$`,
    'GRANT pg_execute_server_program TO CURRENT_USER',
    'SET ROLE "scratch superuser"',
    'CREATE ROLE strong SUPERUSER',
  ]);
  const drift = await captureDrift(source.config);
  expect(drift).toMatchObject({ state: 'none' });
  expect(drift?.detail).toContain('already: 4 statements');
});

test('without migrations, or with none that has statements, there is nothing to compare', async () => {
  const source = await createTestDatabase();
  expect(await captureDrift(source.config)).toBeUndefined();
  await noteMigration(source, '1', null);
  expect(await captureDrift(source.config)).toBeUndefined();
});

test('where only client programs are installed it is not possible, and says what is missing', async () => {
  const source = await createTestDatabase();
  await noteMigration(source, '1', ['CREATE TABLE public.a (id integer)']);
  const binDirectory = await createTemporaryDirectory();
  const { directory } = await findServerPrograms();
  for (const name of ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql']) {
    await symlink(join(directory, name), join(binDirectory, name));
  }
  expect(await captureDrift(source.config, { binDirectory })).toEqual({
    state: 'not possible',
    detail: 'A scratch server needs initdb and postgres of PostgreSQL 15 or newer; found none at all.',
    migrations: 1,
    sql: '',
  });
});

async function findServerPrograms(): Promise<{ directory: string }> {
  const signal = new AbortController().signal;
  const commands = composeCommands({ environment: process.env, signal });
  const search = { commands, directory: undefined, path: '', temporaryDirectory: '/var/tmp' };
  return createDatabases(search, signal).findPrograms(15);
}

test('a migration that never ends is given up', async () => {
  const source = await createTestDatabase();
  await noteMigration(source, '1', ['SELECT pg_sleep(3600)']);
  expect(await captureDrift(source.config, { timeLimitMs: 3000 })).toMatchObject({
    state: 'not possible',
    detail: 'it took longer than its time limit',
  });
});

test('an interrupted run is interrupted', async () => {
  const source = await createTestDatabase();
  await noteMigration(source, '1', ['SELECT pg_sleep(3600)']);
  await expect(captureDrift(source.config, { signal: AbortSignal.timeout(3000) })).rejects.toThrow(/timeout/);
});

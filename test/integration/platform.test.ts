import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  hostileCanaries,
  loadHostileSource,
  startPlatformCluster,
  type PlatformCluster,
  type PlatformVersion,
} from '../helpers/platform.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

describe('an empty platform', () => {
  let platform: PlatformCluster;
  beforeAll(async () => {
    platform = await startPlatformCluster();
  });
  afterAll(() => platform.stop());

  const database = () => platform.postgres;

  test('lets nobody but its administrator be a superuser', async () => {
    const roles = await database().query(`SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolsuper`);
    expect(roles).toEqual([{ name: 'supabase_admin' }]);
  });

  test.each([
    ['create a table in auth', 'CREATE TABLE auth.mine (id int)', 'permission denied for schema auth'],
    ['create a table in storage', 'CREATE TABLE storage.mine (id int)', 'permission denied for schema storage'],
    [
      'create a function in realtime',
      'CREATE FUNCTION realtime.f() RETURNS int RETURN 1',
      'permission denied for schema realtime',
    ],
    ['index storage.objects', 'CREATE INDEX ON storage.objects (version)', 'must be owner of table objects'],
    ['alter auth.users', 'ALTER TABLE auth.users ADD COLUMN mine int', 'must be owner of table users'],
    ['index auth.users', 'CREATE INDEX ON auth.users (role)', 'must be owner of table users'],
    [
      'write migrations of auth',
      `INSERT INTO auth.schema_migrations VALUES ('1')`,
      'permission denied for table schema_migrations',
    ],
    [
      'write migrations of storage',
      `INSERT INTO storage.migrations VALUES (99, 'x', 'x')`,
      'permission denied for table migrations',
    ],
    [
      'write migrations of realtime',
      'INSERT INTO realtime.schema_migrations VALUES (9)',
      'permission denied for table schema_m',
    ],
    ['write vectors', `INSERT INTO storage.buckets_vectors (id) VALUES ('v')`, 'permission denied for table buckets_vectors'],
    ['write secrets', `INSERT INTO vault.secrets (secret) VALUES ('x')`, 'permission denied for table secrets'],
    ['delete objects', 'DELETE FROM storage.objects', 'Rows of storage tables are deleted through the Storage API'],
    ['alter a reserved role', 'ALTER ROLE authenticator NOLOGIN', /must be superuser to alter|permission denied to alter role/],
    [
      'make a superuser',
      'CREATE ROLE mine SUPERUSER',
      /must be superuser to create superusers|permission denied to create role/,
    ],
    [
      'give an object away',
      'CREATE TABLE mine (); ALTER TABLE mine OWNER TO supabase_admin',
      'must be (member of role|able to SET ROLE)',
    ],
    [
      'change what others create',
      'ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin GRANT ALL ON TABLES TO anon',
      'permission denied|must be',
    ],
    ['grant parameters', 'GRANT SET ON PARAMETER log_statement TO anon', 'permission denied for parameter'],
    [
      'subscribe',
      `CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p`,
      /must be superuser|permission denied|password is required/,
    ],
  ])('does not let postgres %s', async (_what, sql, problem) => {
    await expect(database().query(sql)).rejects.toThrow(new RegExp(problem));
  });

  test.each([
    ['load without triggers', 'SET session_replication_role = replica'],
    ['insert users', `INSERT INTO auth.users (id) VALUES ('00000000-0000-4000-8000-000000000001')`],
    [
      'put triggers on users',
      'CREATE TRIGGER mine BEFORE UPDATE ON auth.users EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ],
    [
      'put triggers on objects',
      'CREATE TRIGGER m AFTER DELETE ON storage.objects EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ],
    ['empty objects', 'TRUNCATE storage.objects'],
    ['delete objects on purpose', `SET LOCAL storage.allow_delete_query = 'true'; DELETE FROM storage.objects`],
    [
      'note uploads',
      `INSERT INTO storage.buckets VALUES ('b', 'b'); INSERT INTO storage.s3_multipart_uploads VALUES ('u', 0, 's', 'b', 'k', 'v')`,
    ],
    ['limit what anon takes', `ALTER ROLE anon SET statement_timeout = '4s'`],
    ['make roles', 'CREATE ROLE mine LOGIN CREATEROLE CREATEDB'],
    ['set up its database', `ALTER DATABASE postgres SET statement_timeout = '1min'`],
    ['publish tables', 'CREATE TABLE mine (); ALTER PUBLICATION supabase_realtime ADD TABLE mine'],
    [
      'keep secrets',
      `SELECT vault.create_secret('x', 'name'); SELECT decrypted_secret FROM vault.decrypted_secrets; DELETE FROM vault.secrets`,
    ],
    ['install trusted extensions', 'CREATE EXTENSION hstore WITH SCHEMA extensions'],
    ['reach other servers', 'CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw'],
  ])('lets postgres %s', async (_what, sql) => {
    await expect(database().query(`BEGIN; ${sql}; ROLLBACK`)).resolves.toEqual([]);
  });

  test('opens new tables in public to the API', async () => {
    const sql = `BEGIN; CREATE TABLE open (); SELECT relacl::text FROM pg_catalog.pg_class WHERE relname = 'open'`;
    expect((await database().query<{ relacl: string }>(sql))[0]?.relacl).toContain('anon=arwdD');
  });
});

describe('platforms of other ages', () => {
  const sql = `SELECT string_agg(attname, ' ' ORDER BY attname) AS columns FROM pg_catalog.pg_attribute
    WHERE attrelid = 'storage.objects'::regclass AND attname IN ('level', 'user_metadata', 'is_versioned') AND NOT attisdropped`;

  test.each([
    ['older', 'level'],
    ['newer', 'is_versioned user_metadata'],
  ] satisfies [PlatformVersion, string][])('%s', async (version, columns) => {
    const platform = await startPlatformCluster({ version });
    await loadHostileSource(platform);
    expect(await platform.postgres.query(sql)).toEqual([{ columns }]);
  });
});

describe('a hostile source', () => {
  let source: PlatformCluster;
  beforeAll(async () => {
    source = await startPlatformCluster();
    await loadHostileSource(source);
  });
  afterAll(() => source.stop());

  test('is dumped by postgres, who is no superuser', async () => {
    const file = join(await createTemporaryDirectory(), 'full.dump');
    await dump(source, file);
    const list = await execa(join(source.address.binDirectory, 'pg_restore'), ['--list', file]);
    expect(list.stdout).toContain('TABLE DATA auth users');
    const text = await execa(join(source.address.binDirectory, 'pg_restore'), ['--file=-', file]);
    expect(text.stdout).toContain(hostileCanaries[0]);
  });

  test('belongs to many', async () => {
    const sql = `SELECT DISTINCT pg_catalog.pg_get_userbyid(relowner) AS owner FROM pg_catalog.pg_class
      WHERE relnamespace IN ('public'::regnamespace, 'app'::regnamespace, 'owned_by_another'::regnamespace) ORDER BY 1`;
    const owners = await source.postgres.query<{ owner: string }>(sql);
    expect(owners.map(({ owner }) => owner)).toEqual(['app_admin', 'app_owner', 'postgres', 'supabase_admin']);
  });

  test.each([
    ['pg_type', 'typtype', 'bcdemr'],
    ['pg_proc', 'prokind', 'afp'],
    ['pg_class', 'relkind', 'fimprSv'],
    ['pg_constraint', 'contype', 'cfptux'],
    ['pg_event_trigger', 'evtenabled', 'ADO'],
    ['pg_trigger', 'tgenabled', 'ADOR'],
  ])('has %s of each kind', async (catalog, column, kinds) => {
    const sql = `SELECT DISTINCT ${column}::text AS kind FROM pg_catalog.${catalog} WHERE oid >= 16384`;
    const found = await source.postgres.query<{ kind: string }>(sql);
    expect(found.map(({ kind }) => kind)).toEqual(expect.arrayContaining(kinds.split('')));
  });

  test.each(
    [
      'cast',
      'collation',
      'conversion',
      'default_acl',
      'foreign_server',
      'largeobject_metadata',
      'namespace',
      'opclass',
      'operator',
    ]
      .concat([
        'opfamily',
        'policy',
        'publication',
        'publication_namespace',
        'rewrite',
        'statistic_ext',
        'ts_config',
        'ts_dict',
      ])
      .map((name) => `pg_${name}`),
  )('has several rows of its own in %s', async (catalog) => {
    // Of objects that come with an extension or the platform there are some as well; the user's come on top.
    const sql = `SELECT count(*)::int AS count FROM pg_catalog.${catalog} AS object WHERE oid >= 16384 AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend WHERE classid = '${catalog}'::regclass AND objid = object.oid AND deptype = 'e')`;
    const [row] = await source.postgres.query<{ count: number }>(sql);
    expect(row?.count).toBeGreaterThan(1);
  });
});

test('a hostile source of what any target takes has nothing that only a superuser makes', async () => {
  const source = await startPlatformCluster();
  await loadHostileSource(source, { superuserPart: false });
  const sql = `SELECT pubname FROM pg_catalog.pg_publication WHERE puballtables UNION ALL
    SELECT evtname FROM pg_catalog.pg_event_trigger WHERE evtowner = 'postgres'::regrole`;
  expect(await source.postgres.query(sql)).toEqual([]);
});

async function dump({ address, postgres }: PlatformCluster, file: string): Promise<void> {
  const { host, port, user, database, password } = postgres.config;
  const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: database, PGPASSWORD: password?.reveal() };
  await execa(join(address.binDirectory, 'pg_dump'), ['--format=custom', '--compress=0', `--file=${file}`], { env });
}

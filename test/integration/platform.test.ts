import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlatformCluster, type PlatformCluster, type PlatformVersion } from '../helpers/platform.ts';

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
      'must be (member of|able to SET) role',
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
      /must be superuser|permission denied|invalid connection/,
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
    expect(await platform.postgres.query(sql)).toEqual([{ columns }]);
  });
});

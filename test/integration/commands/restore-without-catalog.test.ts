import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ConnectionConfig } from '../../../src/config/project-config.ts';
import { Secret } from '../../../src/config/project-config.ts';
import type { Manifest } from '../../../src/domain/manifest.ts';
import { runAgent, type AgentResult } from '../../helpers/agent.ts';
import type { TestRepository } from '../../helpers/borg.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import { createTestDatabase, type TestDatabase } from '../../helpers/database.ts';
import { startPlatformCluster } from '../../helpers/platform.ts';
import { createTestProject } from '../../helpers/project.ts';
import type { RestoreDocument } from '../../helpers/restoring.ts';
import { archiveNames, createInitializedProject, dumpText } from '../../helpers/scenario.ts';
import { startTestCluster } from '../../helpers/test-cluster.ts';

/** Made before there was a catalog; the real backup that it is made of is the latest. */
const old = 'shop-20260101T000000Z';

const shop = `
  CREATE ROLE app_owner CREATEDB;
  CREATE ROLE app_reader LOGIN CONNECTION LIMIT 3;
  CREATE ROLE app_group;
  GRANT app_group TO app_reader WITH ADMIN OPTION;
  ALTER ROLE app_reader SET statement_timeout = '9s';
  CREATE SCHEMA private AUTHORIZATION app_owner;
  CREATE TABLE private.notes (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL);
  INSERT INTO private.notes (body) VALUES ('one'), (E'two\\\\ \n'), ('three');
  CREATE TABLE private.tags (note integer REFERENCES private.notes, tag text);
  INSERT INTO private.tags VALUES (1, 'a'), (2, 'b');
  CREATE INDEX tags_by_name ON private.tags (lower(tag));
  ALTER TABLE private.notes OWNER TO app_owner;
  ALTER TABLE private.notes ENABLE ROW LEVEL SECURITY;
  CREATE POLICY short ON private.notes TO app_reader USING (length(body) < 5);
  GRANT USAGE ON SCHEMA private TO app_reader;
  GRANT SELECT, UPDATE (body) ON private.notes TO app_reader;
  ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA private GRANT SELECT ON TABLES TO app_group;
  CREATE FUNCTION private.secret() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = '' RETURN 42;
  REVOKE EXECUTE ON FUNCTION private.secret() FROM PUBLIC;
  CREATE MATERIALIZED VIEW private.counts AS SELECT count(*)::integer AS tags FROM private.tags;
  SELECT lo_from_bytea(4711, 'a large object'); GRANT SELECT ON LARGE OBJECT 4711 TO app_reader;
  DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET app.greeting = ''hello''', current_database()); END $$;`;

/** What pg_dump cannot tell of a database in one text. */
const facts = `
  SELECT lo_get(4711)::text AS object, (SELECT lomacl::text FROM pg_largeobject_metadata WHERE oid = 4711) AS acl,
    (SELECT json_agg(ARRAY[rolname, rolcreatedb::text, rolcanlogin::text, rolconnlimit::text, rolconfig::text] ORDER BY rolname)
       FROM pg_roles WHERE rolname LIKE 'app%') AS roles,
    (SELECT json_agg(ARRAY[roleid::regrole::text, member::regrole::text, admin_option::text]) FROM pg_auth_members
      WHERE roleid::regrole::text LIKE 'app%') AS memberships`;

interface Scene {
  readonly source: TestDatabase;
  readonly repository: TestRepository;
  run(...args: readonly string[]): Promise<AgentResult>;
  /** The env file of a project that may be restored into. */
  targetFile(config: ConnectionConfig): Promise<string>;
}

async function createScene(): Promise<Scene> {
  const { address } = await startTestCluster();
  const source = await createTestDatabase({ cluster: address });
  await source.query(shop);
  const { project, repository } = await createInitializedProject({ database: source });
  const run = (...args: readonly string[]): Promise<AgentResult> => runAgent([...args, '--env-file', project.envFile]);
  expect(await run('backup')).toMatchObject({ exitCode: 0, stderr: '' });
  const [from] = await archiveNames(repository);
  await craftArchive(repository, { from: from!, as: `${old}-database`, change: forgetCatalog });
  // It is as good as any, and what is tested is not how a damaged one is met.
  expect(await run('verify', old, '--data')).toMatchObject({ exitCode: 0, stderr: '' });
  const targetFile = async (config: ConnectionConfig): Promise<string> => {
    const variables = { PROJECT_NAME: 'rescue', RESTORE_ALLOWED: 'true' };
    return (await createTestProject({ database: { config }, repository, variables })).envFile;
  };
  return { source, repository, run, targetFile };
}

/** As the version before the one that brought the catalog has made it. */
async function forgetCatalog(directory: string): Promise<void> {
  await rm(join(directory, 'database/catalog'), { recursive: true });
  const path = join(directory, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  const parts = manifest.parts.filter((part) => !part.path.startsWith('database/catalog'));
  expect(parts.length).toBeLessThan(manifest.parts.length);
  await writeFile(path, JSON.stringify({ ...manifest, parts }));
}

test.each([
  ['in one transaction', 'all in one transaction: a failure leaves the target as it is now'],
  [
    'with two jobs',
    'definitions and rows in one transaction, then indexes and constraints with 2 jobs at once: what was restored before a failure of those stays',
    '--jobs',
    '2',
  ],
])('a backup without a catalog comes back as a whole, %s', async (_, manner, ...options) => {
  const { source, run, targetFile } = await createScene();
  const { address } = await startTestCluster();
  const target = await createTestDatabase({ cluster: address });
  const to = await targetFile(target.config);
  const manual = [
    'set new passwords, which no backup holds, for: app_reader',
    'set again what the backup, of a version that captured no catalog, cannot bring back of the database itself: settings',
  ];
  const planned = await run('restore', old, '--to', to, '--dry-run', ...options);
  expect(planned).toMatchObject({ exitCode: 0, stderr: '' });
  for (const line of [manner, ...manual]) expect(planned.stdout).toContain(`  - ${line}`);
  expect(planned.stdout).not.toMatch(/\d database|make owners, privileges/);

  const restored = await run('restore', old, '--to', to, '--confirm', 'rescue', '--json', ...options);
  expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
  const { status, plan, comparison, skipped } = restored.json<RestoreDocument>();
  expect({ status, skipped, manual: plan.manual }).toEqual({ status: 'complete', skipped: [], manual });
  expect(comparison).toMatchObject({ rows: 5, differences: [], catalog: [], privilegeLeaks: [] });
  expect(comparison).not.toHaveProperty('classes');
  // Owners, privileges, policies and rows are what they were, though nothing has compared them.
  expect(await dumpText(target)).toBe(await dumpText(source));
  expect(await target.query(facts)).toEqual(await source.query(facts));
  expect(await target.query('SELECT tags FROM private.counts')).toEqual([{ tags: 2 }]);

  // A comparison counts rows, and says that it does nothing else.
  await target.query('GRANT ALL ON ALL TABLES IN SCHEMA private TO PUBLIC');
  const compare = (...more: readonly string[]): Promise<AgentResult> => run('compare', old, '--to', to, ...more);
  const equal = await compare();
  expect(equal).toMatchObject({ exitCode: 0, stderr: '' });
  expect(equal.stdout).toContain('Rows: 2 tables with 5 rows: all equal.\n');
  expect(equal.stdout).toContain(
    'Definitions and privileges were not compared: the backup is of a version that captured no catalog.',
  );
  await target.query('DELETE FROM private.tags WHERE note = 1');
  const different = await compare('--json');
  expect(different).toMatchObject({ exitCode: 22, stderr: '' });
  const found = different.json<{ status: string; comparison: object }>();
  expect(found).toMatchObject({
    status: 'different',
    comparison: { differences: [{ what: 'table private.tags', expected: 2, found: 1 }] },
  });
  expect(found.comparison).not.toHaveProperty('classes');
});

const onlyWhole = 'the backup is of a version of which only the whole can be restored, into an empty database';
const onlyPlain = 'the backup is of a version that captured no catalog, and can be restored into a plain PostgreSQL only';

test('what cannot be done without a catalog is refused before anything is touched', async () => {
  const { run, targetFile } = await createScene();
  const platform = await startPlatformCluster();
  const { address } = await startTestCluster();
  const plain = await createTestDatabase({ cluster: address });
  await plain.query(`CREATE ROLE app LOGIN CREATEROLE PASSWORD 'app'`);
  const asApp = { ...plain.config, user: 'app', password: new Secret('app') };
  const [toPlain, toApp] = [await targetFile(plain.config), await targetFile(asApp)];
  const [toHosted, toOwn] = [await targetFile(platform.postgres.config), await targetFile(platform.administrator.config)];
  const before = [await dumpText(plain), await dumpText(platform.administrator)];
  const refused = async (to: string, why: string, ...options: readonly string[]): Promise<void> => {
    const result = await run('restore', old, '--to', to, '--confirm', 'rescue', '--json', ...options);
    const { error } = result.json<RestoreDocument>();
    expect({ ...result, error }).toMatchObject({
      exitCode: 2,
      stderr: '',
      error: { code: 'target_refused', message: `The restore is not possible: ${why}. Nothing was touched.` },
    });
  };
  await refused(toPlain, onlyWhole, '--table', 'private.notes');
  await refused(toPlain, onlyWhole, '--clean');
  await refused(toApp, 'the backup is of a version that captured no privileges, and role app is no superuser');
  await refused(toHosted, onlyPlain);
  await refused(toOwn, onlyPlain);
  await refused(toOwn, onlyPlain, '--jobs', '2');
  // The plan tells the same, and ends well.
  const planned = await run('restore', old, '--to', toOwn, '--dry-run');
  expect(planned).toMatchObject({ exitCode: 0, stderr: '' });
  expect(planned.stdout).toContain(`It is not possible:\n  - ${onlyPlain}`);
  expect([await dumpText(plain), await dumpText(platform.administrator)]).toEqual(before);

  // Nor are there definitions that `diff` could tell the changes of, whichever side lacks them.
  const message = `The backup ${old} holds no catalog to compare: an earlier version of the agent has made it.`;
  for (const sides of [
    [old, 'live'],
    ['latest', old],
  ]) {
    const result = await run('diff', ...sides, '--json');
    expect(result).toMatchObject({ exitCode: 2, stderr: '' });
    expect(result.json()).toMatchObject({ status: 'failed', error: { code: 'backup_incomplete', message } });
  }
});

import { chmod, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Secret } from '../../src/config/project-config.ts';
import { runAgent, startAgent, type AgentResult } from '../helpers/agent.ts';
import type { TestRepository } from '../helpers/borg.ts';
import { craftArchive } from '../helpers/crafted-archive.ts';
import type { ClusterAddress } from '../helpers/cluster.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { bigTable } from '../helpers/paused-backup.ts';
import { findProcess } from '../helpers/processes.ts';
import { createTestProject, formatUrl, type TestProject } from '../helpers/project.ts';
import { archiveNames, createInitializedProject, dumpText } from '../helpers/scenario.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

let cluster: ClusterAddress;
let source: TestDatabase;
let target: TestDatabase;
let project: TestProject;
let repository: TestRepository;
let emptyTarget: string;

beforeEach(async () => {
  // Roles belong to a whole server: those that these tests make and drop must not meet other tests' backups.
  const { address } = await startTestCluster();
  cluster = address;
  source = await createTestDatabase({ cluster, template: 'supabase' });
  target = await createTestDatabase({ cluster });
  ({ project, repository } = await createInitializedProject({ database: source, target }));
  emptyTarget = await dumpText(target);
});

async function backUp(): Promise<string> {
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
  return (await archiveNames(repository)).at(-1)!;
}

function restoreArguments(...options: readonly string[]): string[] {
  return ['restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--env-file', project.envFile, '--json', ...options];
}

async function expectUntouched(result: AgentResult, error: object): Promise<void> {
  expect(result.json()).toMatchObject({ command: 'restore', status: 'failed', error });
  expect(await dumpText(target)).toBe(emptyTarget);
  await expectNoLeaks(project.directory);
}

test('a restore is refused before anything is touched', async () => {
  await backUp();
  const args = ['restore', 'latest', '--to', 'test', '--env-file', project.envFile, '--json'];

  // With --dry-run, which shows the plan.
  const dry = await runAgent(restoreArguments('--dry-run'));
  expect(dry.exitCode).toBe(0);
  expect(dry.json()).toMatchObject({
    status: 'complete',
    dryRun: true,
    plan: {
      refusals: [],
      losses: [],
      manual: [],
      steps: expect.arrayContaining([expect.stringContaining('20 tables')]) as string[],
    },
  });
  expect(await dumpText(target)).toBe(emptyTarget);

  // When nobody has confirmed it, or another name.
  await expectUntouched(await runAgent(args), {
    code: 'target_refused',
    message: 'A restore has to be confirmed. Nothing was touched.',
  });
  await expectUntouched(await runAgent([...args, '--confirm', 'shop']), { code: 'target_refused', exitCode: 2 });

  // When the target does not allow it.
  const variables = { TEST_SUPABASE_DB_URL: formatUrl(target.config), TEST_PROJECT_NAME: 'shop-test' };
  const forbidden = await createTestProject({ database: source, repository, variables });
  const toForbidden = [
    'restore',
    'latest',
    '--to',
    'test',
    '--confirm',
    'shop-test',
    '--env-file',
    forbidden.envFile,
    '--json',
  ];
  await expectUntouched(await runAgent(toForbidden), { code: 'target_refused', exitCode: 2 });

  // When there is no such backup.
  const nonsense = await runAgent(restoreArguments().with(1, 'nonsense'));
  await expectUntouched(nonsense, { code: 'backup_not_found', exitCode: 2 });
  expect(nonsense.stdout).toContain('There are: shop-2');

  // When the target is not to be reached.
  const env = { TEST_SUPABASE_DB_URL: 'postgresql://x:canary@127.0.0.1:1/x?sslmode=disable' };
  const unreachable = await runAgent(restoreArguments(), { env });
  expect(unreachable.exitCode).toBe(20);
  expect(unreachable.stdout + unreachable.stderr).not.toContain('canary');

  // When the target is not empty.
  await target.query('CREATE TABLE public.precious (x int)');
  emptyTarget = await dumpText(target);
  const filled = await runAgent(restoreArguments());
  await expectUntouched(filled, { code: 'target_refused', exitCode: 2 });
  expect(filled.stdout).toContain('is not empty: 1 relation(s) in schema public');
});

describe('an archive that is not what it says', () => {
  test('a dump that is cut short in its rows leaves nothing on the target, no role either', async () => {
    const role = 'short_lived';
    await source.query(`CREATE ROLE ${role}; GRANT SELECT ON public.products TO ${role}`);
    const archive = await backUp();
    await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    const change = async (directory: string): Promise<void> => {
      const dump = join(directory, 'database/full.dump');
      await truncate(dump, Math.floor((await stat(dump)).size * 0.6));
    };
    await craftArchive(repository, { from: archive, as: 'shop-29990101T000000Z-database', change });
    const result = await runAgent(restoreArguments());
    await expectUntouched(result, { code: 'restore_failed', exitCode: 1 });
    expect(result.stdout).toContain('Nothing of it stayed on the target.');
    // Not what psql makes of half a row, as if the rows were wrong.
    expect(result.stdout).toContain('could not read from input file');
    expect(result.stdout).not.toContain('missing data for column');
    expect(await target.query(`SELECT FROM pg_roles WHERE rolname = '${role}'`)).toEqual([]);

    // A restore that passes over what fails is no single transaction: nothing goes for a dump that cannot be read to its end.
    await target.query("CREATE TABLE public.precious AS SELECT 'kept' AS note");
    emptyTarget = await dumpText(target);
    const lenient = await runAgent(restoreArguments('--allow-incomplete', '--clean', '--no-safety-backup'));
    await expectUntouched(lenient, { code: 'verification_failed', exitCode: 22 });
    expect(lenient.stdout).toContain('Nothing was touched.');
  });

  test('a table that the dump does not hold is noticed before the target is touched', async () => {
    const archive = await backUp();
    const tables = [{ schema: 'public', name: 'gone', kind: 'table' as const, oid: 4_000_000_000, rows: 1, bytes: 1 }];
    await craftArchive(repository, { from: archive, as: 'shop-29990101T000000Z-database', manifest: { tables } });
    const result = await runAgent(restoreArguments());
    await expectUntouched(result, { code: 'verification_failed', exitCode: 22 });
    expect(result.stdout).toContain('gone');
  });

  test('rows that differ from the manifest end with exit code 22 and a table of them', async () => {
    await source.query('CREATE TABLE public.odd AS SELECT 1 AS x');
    const archive = await backUp();
    const [{ oid }] = (await source.query<{ oid: number }>("SELECT 'public.odd'::regclass::oid::int AS oid")) as [
      { oid: number },
    ];
    const tables = [{ schema: 'public', name: 'odd', kind: 'table' as const, oid, rows: 7, bytes: 1 }];
    await craftArchive(repository, { from: archive, as: 'shop-29990101T000000Z-database', manifest: { tables } });
    const result = await runAgent(restoreArguments());
    expect(result.exitCode).toBe(22);
    expect(result.json()).toMatchObject({
      status: 'failed',
      comparison: { differences: [{ what: 'table public.odd', expected: 7, found: 1 }] },
    });
  });
});

describe('in the middle of a restore', () => {
  beforeEach(async () => {
    await source.query(bigTable);
    await backUp();
  });

  /** Starts a restore and stops its psql once it has begun. */
  async function startPausedRestore(): Promise<{ agent: ReturnType<typeof startAgent>; psql: number }> {
    const agent = startAgent(restoreArguments());
    const psql = await findProcess('psql', project.stateDirectory);
    await vi.waitFor(
      async () => {
        const sql =
          "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^(COPY|CREATE)' AND pid <> pg_backend_pid()";
        if ((await target.query(sql)).length === 0) throw new Error('Nothing is being restored.');
      },
      { timeout: 120_000, interval: 1 },
    );
    process.kill(psql, 'SIGSTOP');
    return { agent, psql };
  }

  test('damage in the repository leaves nothing with --jobs either', async () => {
    await source.query('CREATE ROLE of_the_source');
    await backUp();
    await source.query('DROP ROLE of_the_source');
    await damageLargestSegment(repository.location);
    const result = await runAgent(restoreArguments('--jobs', '2'));
    expect(result.json()).toMatchObject({ status: 'failed', error: { code: 'verification_failed', exitCode: 22 } });
    expect(await target.query("SELECT rolname FROM pg_roles WHERE rolname = 'of_the_source'")).toEqual([]);
    expect(await dumpText(target)).toBe(emptyTarget);
  });

  test('the agent is asked to end: nothing stays, exit code 130', async () => {
    const { agent, psql } = await startPausedRestore();
    agent.kill('SIGTERM');
    process.kill(psql, 'SIGCONT');
    const result = await agent.finished;
    expect(result.exitCode).toBe(130);
    await expectUntouched(result, { code: 'interrupted' });
  });

  test('the server ends the session: nothing stays, exit code 1', async () => {
    const { agent, psql } = await startPausedRestore();
    await target.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    process.kill(psql, 'SIGCONT');
    await expectUntouched(await agent.finished, { code: 'restore_failed', exitCode: 1 });
  });
});

test('a role of the source that the target lacks is made anew, without a password', async () => {
  const role = 'Owner of things';
  await source.query(`
    CREATE ROLE "${role}" LOGIN CREATEDB PASSWORD 'x' CONNECTION LIMIT 7; GRANT anon TO "${role}";
    ALTER ROLE "${role}" SET statement_timeout = '8s'; ALTER ROLE "${role}" SET search_path = "$user", public, "Odd, schema";
    ALTER TABLE public.products OWNER TO "${role}"; GRANT "${role}" TO authenticator WITH ADMIN OPTION`);
  await backUp();
  const rolesQuery = `SELECT rolcanlogin, rolcreatedb, rolconnlimit, rolconfig, ARRAY(SELECT roleid::regrole::text || admin_option FROM pg_auth_members WHERE member = r.oid) AS member_of,
    ARRAY(SELECT member::regrole::text || admin_option FROM pg_auth_members WHERE roleid = r.oid) AS members FROM pg_roles r WHERE rolname = '${role}'`;
  const before = await source.query(rolesQuery);
  const dump = await dumpText(source);
  await source.query(`REASSIGN OWNED BY "${role}" TO postgres; DROP OWNED BY "${role}"; DROP ROLE "${role}"`);

  const result = await runAgent(restoreArguments());
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(result.json()).toMatchObject({ plan: { manual: [`set new passwords, which no backup holds, for: ${role}`] } });
  expect(await target.query(rolesQuery)).toEqual(before);
  expect(await dumpText(target)).toBe(dump);
});

test('a role that is no superuser restores the rows, and what it cannot is named: exit code 3', async () => {
  const role = 'plain_owner';
  await target.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'plain'; ALTER DATABASE "${target.name}" OWNER TO ${role}; ALTER SCHEMA public OWNER TO ${role}`,
  );
  emptyTarget = await dumpText(target);
  const plain = await createTestDatabase({ cluster });
  await plain.query('CREATE TABLE public.notes AS SELECT g AS id FROM generate_series(1, 10) g');
  const variables = { TEST_SUPABASE_DB_URL: formatUrl({ ...target.config, user: role, password: new Secret('plain') }) };
  ({ project, repository } = await createInitializedProject({ database: plain, target, variables }));
  await backUp();
  const result = await runAgent(restoreArguments());
  expect(result).toMatchObject({ exitCode: 3, stderr: '' });
  expect(result.json()).toMatchObject({ status: 'incomplete', comparison: { differences: [] } });
  expect(await target.query('SELECT count(*)::int AS count FROM public.notes')).toEqual([{ count: 10 }]);
});

/** Turns over one bit in the middle of the data: rows, and not the head of the dump. */
async function damageLargestSegment(repositoryPath: string): Promise<void> {
  const entries = await readdir(join(repositoryPath, 'data'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const largest = files[sizes.indexOf(Math.max(...sizes))]!;
  const bytes = await readFile(largest);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  await chmod(largest, 0o600);
  await writeFile(largest, bytes);
}

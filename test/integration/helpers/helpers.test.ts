import { execFile } from 'node:child_process';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Client } from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { supabaseRows } from '../../helpers/fixture.ts';
import { expectNoLeaks } from '../../helpers/leaks.ts';
import { createTestProject } from '../../helpers/project.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';
import { startTestCluster } from '../../helpers/test-cluster.ts';

describe('the scratch cluster', () => {
  test('asks for a password over TCP', async () => {
    const { config } = await createTestDatabase();
    const { host, port, user, database } = config;
    const stranger = new Client({ host, port, user, database, password: 'wrong' });
    await expect(stranger.connect()).rejects.toThrow('password authentication failed');
  });

  test('asks for none over its socket', async () => {
    const { socketDirectory, port, user } = inject('cluster');
    const client = new Client({ host: socketDirectory, port, user, database: 'postgres' });
    await client.connect();
    const result = await client.query('SELECT inet_client_addr() AS address');
    await client.end();
    expect(result.rows).toEqual([{ address: null }]);
  });

  test('of a test alone restarts and takes settings', async () => {
    const cluster = await startTestCluster({ settings: { max_connections: '9' } });
    const database = await createTestDatabase({ cluster: cluster.address, template: 'supabase' });
    await cluster.restart('immediate');
    expect(await database.query('SHOW max_connections')).toEqual([{ max_connections: '9' }]);
    expect(await database.query('SELECT count(*)::int FROM auth.users')).toEqual([{ count: 300 }]);
  });
});

describe('a test database', () => {
  test('starts empty', async () => {
    const database = await createTestDatabase({ name: `Odd "name" of ${process.pid}` });
    const tables = await database.query(`SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace`);
    expect(tables).toEqual([]);
  });

  test('names a session that was left in it', async () => {
    const database = await createTestDatabase({ patienceMs: 200 });
    const { host, port, user, database: name, password } = database.config;
    const leak = new Client({ host, port, user, database: name, password: password!.reveal(), application_name: 'leaky' });
    leak.on('error', () => {});
    await leak.connect();
    await leak.query('SELECT 42');
    await expect(database.drop()).rejects.toThrow(/leaky \(idle\): SELECT 42/);
  });

  test('holds the rows of the Supabase fixture', async () => {
    const database = await createTestDatabase({ template: 'supabase' });
    const tables = await database.query<{ name: string; rows: number | null }>(`
      SELECT n.nspname || '.' || c.relname AS name, CASE WHEN c.relispopulated THEN
        (xpath('//rows/text()', query_to_xml(format('SELECT count(*) AS rows FROM %I.%I', n.nspname, c.relname), false, true, '')))[1]
          ::text::int END AS rows
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`);
    expect(Object.fromEntries(tables.map(({ name, rows }) => [name, rows]))).toEqual(supabaseRows);
    const sizes = await database.query<{ bytes: number }>(
      `SELECT length(lo_get(content)) AS bytes FROM attachments ORDER BY id`,
    );
    expect(sizes.map((row) => row.bytes)).toEqual([0, 1000, 2000, 3000, 1048576]);
  });
});

test('a test repository is one that Borg can use', async () => {
  const repository = await createTestRepository();
  await repository.borg('init', '--encryption=repokey-blake2');
  expect(JSON.parse(await repository.borg('list', '--json'))).toMatchObject({ archives: [] });
});

test('a project is a private env file that psql can connect with', async () => {
  const [database, target] = [await createTestDatabase(), await createTestDatabase()];
  const project = await createTestProject({ database, target, repository: await createTestRepository() });
  const { mode } = await stat(project.envFile);
  expect(mode & 0o777).toBe(0o600);
  const url = /^SUPABASE_DB_URL=(.*)$/m.exec(await readFile(project.envFile, 'utf8'))![1]!;
  const { stdout } = await execa('psql', [
    url,
    '--no-psqlrc',
    '--tuples-only',
    '--no-align',
    '--command=SELECT current_database()',
  ]);
  expect(stdout).toBe(database.name);
});

describe('the look for leaks', () => {
  test('is content with files and directories', async () => {
    const directory = await createTemporaryDirectory();
    await mkdir(join(directory, 'below'));
    await expect(expectNoLeaks(directory)).resolves.toBeUndefined();
  });

  test('finds a process, a descriptor and a named pipe', async () => {
    const directory = await createTemporaryDirectory();
    await execa('mkfifo', [join(directory, 'pipe')]);
    await using file = await open(join(directory, 'file'), 'w');
    const child = execFile('sleep', ['60'], { cwd: directory });
    onTestFinished(() => void child.kill());
    const report = expectNoLeaks(directory, 200);
    await expect(report).rejects.toThrow(new RegExp(`pid ${child.pid} \\(sleep 60\\): cwd ${directory}`));
    await expect(report).rejects.toThrow(new RegExp(`pid ${process.pid} .*: fd/${file.fd} ${directory}/file`));
    await expect(report).rejects.toThrow(`named pipe ${directory}/pipe`);
  });
});

import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAgent, type AgentResult } from '../../helpers/agent.ts';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';
import { craftArchive } from '../../helpers/crafted-archive.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { createTestProject, type TestProject } from '../../helpers/project.ts';
import { createInitializedProject } from '../../helpers/scenario.ts';
import { startTestCluster } from '../../helpers/test-cluster.ts';

interface Check {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly remedy: string | null;
}

interface DoctorDocument {
  readonly status: string;
  readonly checks: readonly Check[];
}

function doctor(project: TestProject, ...args: string[]): Promise<AgentResult> {
  return runAgent(['doctor', '--env-file', project.envFile, ...args]);
}

async function checksOf(project: TestProject): Promise<ReadonlyMap<string, Check>> {
  const { checks } = (await doctor(project, '--json')).json<DoctorDocument>();
  return new Map(checks.map((check) => [check.check, check]));
}

test('finds nothing that stands in the way of a project that is set up', async () => {
  const metricsFile = join(await createTemporaryDirectory(), 'shop.prom');
  const variables = { METRICS_FILE: metricsFile, NOTIFY_PING_URL: 'http://127.0.0.1:9/ping' };
  const { project, repository } = await createInitializedProject({ database: await createTestDatabase(), variables });
  const first = await doctor(project, '--json');
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  expect(first.json()).toMatchObject({ schemaVersion: 1, command: 'doctor', status: 'complete' });
  expect((await checksOf(project)).get('key')).toMatchObject({
    state: 'warning',
    remedy: expect.stringContaining('--export-key') as string,
  });

  await runAgent(['init', '--export-key', join(project.directory, 'key.txt'), '--env-file', project.envFile]);
  const made = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  const { backupId } = made.json<{ backupId: string }>();
  const checks = await checksOf(project);
  expect([...checks.values()].filter(({ check, state }) => check !== 'borg' && state !== 'ok')).toEqual([]);
  expect([...checks.keys()]).toEqual([
    'configuration',
    'node',
    'borg',
    'setpriv',
    'state directory',
    'last backup',
    'database',
    'tls',
    'pg_dump',
    'privileges',
    'clock',
    'repository',
    'newest backup',
    'free space',
    'key',
    'alerts',
    'METRICS_FILE',
  ]);
  expect(checks.get('newest backup')?.detail).toBe(`${backupId} can be read, and is complete`);
  expect((await doctor(project)).stdout).toMatch(
    /^STATE +CHECK +FOUND\nok +configuration .*[^]*Nothing stands in the way of a backup/,
  );

  await craftArchive(repository, { from: `${backupId}-database`, as: 'shop-20990101T000000Z-database' });
  await runAgent(['backup', '--env-file', project.envFile], { env: { SUPABASE_DB_URL: 'postgresql://a:b@127.0.0.1:1/c' } });
  const later = await checksOf(project);
  expect(later.get('future archives')).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('shop-2099') as string,
  });
  expect(later.get('last backup')).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('127.0.0.1:1') as string,
  });
});

test('the statements that it names let the role read everything', async () => {
  // Roles belong to a whole server: this one must not meet other tests' backups.
  const { address: cluster } = await startTestCluster();
  const database = await createTestDatabase({ cluster, template: 'supabase' });
  const role = 'doctor_reader';
  const grants = 'GRANT USAGE ON SCHEMA public; GRANT SELECT ON public.products, public.secrets'.replaceAll(
    /;|$/g,
    ` TO ${role};`,
  );
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'read'; ${grants}`);
  const { host, port } = database.config;
  const url = `postgresql://${role}:read@${host}:${port}/${database.name}?sslmode=disable`;
  const { project } = await createInitializedProject({ database, variables: { SUPABASE_DB_URL: url } });

  const before = await checksOf(project);
  expect(before.get('privileges')).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('schema auth') as string,
  });
  expect(before.get('large objects')).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('5 of them') as string,
  });
  for (const check of ['privileges', 'large objects']) await database.query(before.get(check)!.remedy!);

  const after = await checksOf(project);
  expect(after.get('privileges')).toMatchObject({ state: 'ok' });
  expect(after.has('large objects')).toBe(false);
  const backup = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  expect(backup.json()).toMatchObject({ status: 'complete' });
});

test('goes on after a failure, and ends with 1', async () => {
  const repository = await createTestRepository();
  const variables = { SUPABASE_DB_URL: 'postgresql://nobody:wrong@127.0.0.1:1/nothing' };
  const project = await createTestProject({ database: await createTestDatabase(), repository, variables });
  const result = await doctor(project, '--json');
  expect(result).toMatchObject({ exitCode: 1, stderr: '' });
  const { status, checks } = result.json<DoctorDocument>();
  expect(status).toBe('failed');
  expect(checks.filter(({ state }) => state === 'failed').map(({ check, remedy }) => [check, remedy])).toEqual([
    ['database', expect.stringContaining('firewall')],
    ['repository', expect.stringContaining('agent init')],
  ]);

  const unusable = join(project.directory, 'file');
  await writeFile(unusable, '');
  const text = await readFile(project.envFile, 'utf8');
  await writeFile(project.envFile, text.replace(/^STATE_DIR=.*$/m, `STATE_DIR=${unusable}/below`));
  const withoutState = await checksOf(project);
  for (const check of ['state directory', 'database', 'repository']) {
    expect(withoutState.get(check)).toMatchObject({ state: 'failed' });
  }
});

test('looks at the machine even when the configuration cannot be used, and names every problem of that', async () => {
  const project = await createTestProject({
    database: await createTestDatabase(),
    repository: await createTestRepository(),
    variables: { RETENTION_DAYS: 'many', BORG_PASSPHRASE: '' },
  });
  const result = await doctor(project);
  expect(result).toMatchObject({ exitCode: 1, stderr: '' });
  expect(result.stdout).toMatch(/^failed +configuration +RETENTION_DAYS /m);
  expect(result.stdout).toMatch(/^failed +configuration +BORG_PASSPHRASE/m);
  expect(result.stdout).toMatch(/^ok +node /m);
});

test('warns of an env file that everybody can read, and fails on a wrong passphrase', async () => {
  const { project } = await createInitializedProject({ database: await createTestDatabase() });
  const text = await readFile(project.envFile, 'utf8');
  await writeFile(project.envFile, text.replace(/^BORG_PASSPHRASE=.*$/m, 'BORG_PASSPHRASE=wrong'));
  await chmod(project.envFile, 0o644);
  const { checks } = (await doctor(project, '--json')).json<DoctorDocument>();
  expect(checks).toContainEqual(
    expect.objectContaining({
      check: 'configuration',
      state: 'warning',
      detail: expect.stringContaining('chmod 600') as string,
    }),
  );
  expect(checks).toContainEqual(
    expect.objectContaining({
      check: 'repository',
      state: 'failed',
      remedy: expect.stringContaining('BORG_PASSPHRASE') as string,
    }),
  );
  expect(JSON.stringify(checks)).not.toContain('wrong');
});

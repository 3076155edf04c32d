import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { Secret } from '../../src/config/project-config.ts';
import { runAgent, startAgent, type AgentResult } from '../helpers/agent.ts';
import { extractArchive } from '../helpers/archived-objects.ts';
import { createTestRepository } from '../helpers/borg.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { bigTable, startPausedBackup } from '../helpers/paused-backup.ts';
import { findProcess, listDescendants } from '../helpers/processes.ts';
import { formatUrl, type TestProject } from '../helpers/project.ts';
import { archiveNames, createInitializedProject } from '../helpers/scenario.ts';
import { createStorageTarget, createStoredProject } from '../helpers/stored-project.ts';
import { startTestCluster } from '../helpers/test-cluster.ts';

const passwordCanary = 'canary-of-the-database';
const passphraseCanary = 'canary-of-the-repository';

test('no secret is on a command line, in a child, a log, JSON, the state or an archive', async () => {
  const { address: cluster } = await startTestCluster();
  const source = await createTestDatabase({ cluster });
  await source.query(bigTable);
  const role = 'canary';
  await source.query(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD '${passwordCanary}'`);
  const url = formatUrl({ ...source.config, user: role, password: new Secret(passwordCanary) });
  const repository = { ...(await createTestRepository()), passphrase: passphraseCanary };
  const { project } = await createInitializedProject({
    database: source,
    repository,
    variables: { SUPABASE_DB_URL: url, METRICS_FILE: 'state/shop.prom', LOG_FILE: 'log/agent.log' },
  });

  const paused = await startPausedBackup(project, source);
  const children = await listDescendants(paused.agent.pid);
  // setpriv has made way for the programs themselves.
  expect(children.map(({ name }) => name)).toEqual(expect.arrayContaining(['borg', 'pg_dump']));
  for (const { name, pid } of [...children, { name: 'agent', pid: paused.agent.pid }]) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    expect(`${name}: ${commandLine}\n${environment}`).not.toContain('canary-of');
  }
  paused.resume();
  const { exitCode, stdout, stderr } = await paused.agent.finished;
  expect(exitCode).toBe(0);
  expect(stdout + stderr).not.toContain('canary-of');

  for (const args of [['config', 'show'], ['doctor'], ['status'], ['metrics'], ['show', 'latest'], ['list'], ['logs']]) {
    for (const options of [[], ['--json', '--log-level', 'debug']]) {
      const result = await runAgent([...args, '--env-file', project.envFile, ...options]);
      expect(result.stdout + result.stderr, args.join(' ')).not.toContain('canary-of');
    }
  }
  await expectNowhereBelow(project.stateDirectory, ['canary-of']);
  await expectNowhereBelow(await logDirectory(project), ['canary-of']);

  const extracted = join(repository.directory, 'extracted');
  await execa('mkdir', [extracted]);
  const environment = { ...repository.environment, BORG_PASSPHRASE: passphraseCanary };
  const [name] = (await execa('borg', ['list', '--short'], { env: environment })).stdout.split('\n');
  await execa('borg', ['extract', `::${name}`], { env: environment, cwd: extracted });
  expect(await readdir(extracted)).toEqual(expect.arrayContaining(['RECOVERY.md', 'manifest.json']));
  await expectNowhereBelow(extracted, ['canary-of']);
});

test('neither a legacy key of Storage nor a secret key is in any of these, the mirror and messages of errors', async () => {
  const { storage: targetStorage, variables } = await createStorageTarget();
  const keys = { LOG_FILE: 'log/agent.log', MIGRATION_DRIFT: 'off', TEST_SUPABASE_SERVICE_ROLE_KEY: targetStorage.secretKey };
  const { storage, project, repository } = await createStoredProject({ ...variables, ...keys });
  // Of the legacy key also what is not in others: its end, which signs it.
  const canaries = [storage.serviceKey, storage.serviceKey.split('.')[2]!, targetStorage.secretKey];
  const expectNone = (text: string, what: string): void => {
    for (const canary of canaries) expect(text.includes(canary), what).toBe(false);
  };
  const run = async (command: string, env: Readonly<Record<string, string>> = {}): Promise<AgentResult> => {
    const args = [...command.split(' '), '--env-file', project.envFile, '--log-level', 'debug'];
    const result = await runAgent(args, { env });
    expectNone(result.stdout + result.stderr, command);
    return result;
  };
  for (const name of ['one', 'two', 'three']) await storage.putObject('docs', name, name);
  storage.faults.add({ name: /one/, times: 1, effect: { kind: 'reset', afterBytes: 1 } });
  storage.faults.add({ name: /two/, times: 1, effect: { kind: 'html' } });

  const agent = startAgent(['backup', '--only', 'storage', '--json', '--env-file', project.envFile, '--log-level', 'debug']);
  // Of all children only the one that archives the mirror works there.
  const borg = await findProcess('borg', join(project.stateDirectory, project.name));
  process.kill(borg, 'SIGSTOP');
  for (const pid of [borg, agent.pid]) {
    for (const file of ['cmdline', 'environ']) expectNone(await readFile(`/proc/${pid}/${file}`, 'utf8'), file);
  }
  process.kill(borg, 'SIGCONT');
  const { exitCode, stdout, stderr } = await agent.finished;
  expect(exitCode, stdout).toBe(0);
  expectNone(stdout + stderr, 'backup');

  const restore = 'restore latest --to test --confirm shop-test --only storage';
  const refused = targetStorage.faults.expireKeys(401);
  expect((await run(restore)).stderr).toContain('Invalid API key');
  refused.remove();
  expect(await run(restore)).toMatchObject({ exitCode: 0 });
  storage.faults.expireKeys();
  expect((await run('doctor', { SUPABASE_SERVICE_ROLE_KEY: storage.secretKey })).stdout).toContain('"exp" claim');
  for (const command of ['config show', 'show latest --json', 'estimate --json', 'logs', 'logs --json']) await run(command);
  const malformed = `${storage.serviceKey}.x`;
  expect(await run('config validate', { SUPABASE_SERVICE_ROLE_KEY: malformed })).toMatchObject({ exitCode: 2 });

  canaries.push(storage.secretKey);
  await expectNowhereBelow(project.stateDirectory, canaries);
  await expectNowhereBelow(await logDirectory(project), canaries);
  for (const name of await archiveNames(repository)) await expectNowhereBelow(await extractArchive(repository, name), canaries);
});

/** Throws where there is no line in LOG_FILE. */
async function logDirectory({ envFile }: TestProject): Promise<string> {
  const directory = join(dirname(envFile), 'log');
  expect(await readFile(join(directory, 'agent.log'), 'utf8')).toContain('"event":"success"');
  return directory;
}

async function expectNowhereBelow(directory: string, canaries: readonly string[]): Promise<void> {
  const patterns = canaries.map((canary) => `--regexp=${canary}`);
  const options = ['--recursive', '--text', '--fixed-strings', '--files-with-matches', ...patterns, directory];
  const { stdout, exitCode } = await execa('grep', options, { reject: false });
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
}

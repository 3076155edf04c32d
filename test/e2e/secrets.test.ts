import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { Secret } from '../../src/config/project-config.ts';
import { runAgent } from '../helpers/agent.ts';
import { createTestRepository } from '../helpers/borg.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { bigTable, startPausedBackup } from '../helpers/paused-backup.ts';
import { listDescendants } from '../helpers/processes.ts';
import { formatUrl } from '../helpers/project.ts';
import { createInitializedProject } from '../helpers/scenario.ts';
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
  const { project } = await createInitializedProject({ database: source, repository, variables: { SUPABASE_DB_URL: url } });

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

  for (const args of [['config', 'show'], ['doctor'], ['status'], ['show', 'latest'], ['list']]) {
    for (const options of [[], ['--json', '--log-level', 'debug']]) {
      const result = await runAgent([...args, '--env-file', project.envFile, ...options]);
      expect(result.stdout + result.stderr, args.join(' ')).not.toContain('canary-of');
    }
  }
  await expectNowhereBelow(project.stateDirectory);

  const extracted = join(repository.directory, 'extracted');
  await execa('mkdir', [extracted]);
  const environment = { ...repository.environment, BORG_PASSPHRASE: passphraseCanary };
  const [name] = (await execa('borg', ['list', '--short'], { env: environment })).stdout.split('\n');
  await execa('borg', ['extract', `::${name}`], { env: environment, cwd: extracted });
  expect(await readdir(extracted)).toEqual(expect.arrayContaining(['RECOVERY.md', 'manifest.json']));
  await expectNowhereBelow(extracted);
});

async function expectNowhereBelow(directory: string): Promise<void> {
  const { stdout } = await execa('grep', ['--recursive', '--text', '--files-with-matches', 'canary-of', directory], {
    reject: false,
  });
  expect(stdout).toBe('');
}

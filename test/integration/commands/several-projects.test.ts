import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAgent } from '../../helpers/agent.ts';
import { runAgentHere } from '../../helpers/agent-here.ts';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { formatUrl } from '../../helpers/project.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

/** One project that works, one whose database is not there, and one whose configuration is broken. */
async function createProjects(): Promise<readonly string[]> {
  const directory = await createTemporaryDirectory();
  const projects = join(directory, 'projects');
  await mkdir(projects);
  const url = formatUrl((await createTestDatabase()).config);
  const { location, passphrase } = await createTestRepository();
  const write = async (name: string, variables: Record<string, string>) => {
    const all = {
      PROJECT_NAME: name,
      SUPABASE_DB_URL: url,
      BORG_REPO: location,
      BORG_PASSPHRASE: passphrase,
      STATE_DIR: join(directory, 'state'),
      MIGRATION_DRIFT: 'off',
      ...variables,
    };
    const lines = Object.entries(all).map(([variable, value]) => `${variable}='${value}'\n`);
    await writeFile(join(projects, `${name}.env`), lines.join(''), { mode: 0o600 });
  };
  await write('blog', {});
  await write('gone', { SUPABASE_DB_URL: 'postgresql://postgres@127.0.0.1:1/postgres' });
  await write('mute', { BORG_REPO: '' });
  const options = ['--projects-directory', projects];
  expect(await runAgent(['init', '--project', 'blog', ...options])).toMatchObject({ exitCode: 0 });
  return options;
}

test('backup and list of several projects: each has its turn, and the exit code is the worst', async () => {
  const options = await createProjects();
  const made = await runAgent(['backup', '--all', '--only', 'database', ...options]);
  expect(made.exitCode).toBe(2);
  expect(made.stderr).toMatch(/^Error: gone: .*\nTry: .*\nError: mute: The configuration /);
  expect(made.stdout).toMatch(/^==> blog <==\nBackup blog-\w+ is complete: /);
  expect(made.stdout).toContain(
    '\n\n==> gone <==\nfailed (source_unreachable)\n\n==> mute <==\nfailed (configuration)\n\nPROJECT ',
  );
  expect(made.stdout).toMatch(
    /\nblog +complete +blog-\w+ .*B\ngone +failed +source_unreachable\nmute +failed +configuration\n$/,
  );

  const named = await runAgent(['backup', 'mute', 'gone', '--only', 'database', '--json', ...options]);
  expect(named).toMatchObject({ exitCode: 2, stderr: '' });
  expect(named.json()).toMatchObject({
    schemaVersion: 1,
    command: 'backup',
    status: 'failed',
    exitCode: 2,
    projects: [
      { name: 'mute', command: 'backup', status: 'failed', error: { code: 'configuration' } },
      { name: 'gone', command: 'backup', status: 'failed', error: { code: 'source_unreachable', exitCode: 20 } },
    ],
    notBegun: [],
  });

  const listed = await runAgent(['list', '--all', ...options]);
  expect(listed.exitCode).toBe(2);
  expect(listed.stdout).toMatch(
    /^PROJECT +BACKUP .*\nblog +blog-.* complete .*\ngone +no backup yet\nmute +cannot be read \(configuration\)\n$/,
  );
  expect(listed.stderr).toMatch(/^Error: mute: The configuration /);
  const { exitCode, json } = await runAgent(['list', 'blog', 'gone', '--json', ...options]);
  expect(exitCode).toBe(0);
  expect(json()).toMatchObject({
    command: 'list',
    status: 'complete',
    projects: [
      { name: 'blog', command: 'list', project: 'blog', backups: [{ status: 'complete' }] },
      { name: 'gone', backups: [] },
    ],
  });
});

test('SIGTERM ends the project that runs, and the others are not begun', async () => {
  const options = await createProjects();
  let told = false;
  const agent = runAgentHere(['backup', 'blog', 'mute', 'gone', '--only', 'database', '--log-level', 'debug', ...options], {
    onStderrLine: () => {
      if (!told) agent.kill('SIGTERM');
      told = true;
    },
  });
  const { exitCode, stdout, stderr } = await agent.finished;
  expect(exitCode).toBe(130);
  expect(stdout).toMatch(
    /blog +failed +interrupted\nmute +not begun\ngone +not begun\n\nInterrupted. Not begun: mute, gone\n$/,
  );
  expect(stderr).toContain('Error: blog: Interrupted.');
});

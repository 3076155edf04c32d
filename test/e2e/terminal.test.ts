import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { holdDumps } from '../helpers/held-dumps.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { createTestProject, type TestProject } from '../helpers/project.ts';
import { createInitializedProject, dumpText } from '../helpers/scenario.ts';
import { runOnTerminal } from '../helpers/terminal.ts';

const controlC = '\u0003';

describe('a restore on a terminal', () => {
  let source: TestDatabase;
  let target: TestDatabase;
  let project: TestProject;
  beforeEach(async () => {
    source = await createTestDatabase({ template: 'supabase' });
    target = await createTestDatabase();
    ({ project } = await createInitializedProject({ database: source, target }));
    expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0 });
  });

  test('asks for the name of the target project', async () => {
    const terminal = runOnTerminal(['restore', 'latest', '--to', 'test', '--env-file', project.envFile]);
    await terminal.waitFor('Type the name of the target project (shop-test): ');
    terminal.type('shop-test\n');
    const { exitCode, shown } = await terminal.finished;
    expect(shown).toContain('all equal');
    expect(exitCode).toBe(0);
    expect(await dumpText(target)).toBe(await dumpText(source));
  });

  test('touches nothing when another name is typed', async () => {
    const before = await dumpText(target);
    const terminal = runOnTerminal(['restore', 'latest', '--to', 'test', '--env-file', project.envFile]);
    await terminal.waitFor('(shop-test): ');
    terminal.type('yes\n');
    const { exitCode, shown } = await terminal.finished;
    expect(exitCode).toBe(2);
    expect(shown).toContain('"yes" is not the name of the target project. Nothing was touched.');
    expect(await dumpText(target)).toBe(before);
  });
});

test('a missing database password is asked for, and not shown', async () => {
  const source = await createTestDatabase();
  const { port, user, password } = source.config;
  // The server of this machine by an address that does not look like it: on loopback a password is not asked for.
  const host = '0.0.0.0';
  const url = `postgresql://${user}@${host}:${port}/${source.name}?sslmode=disable`;
  const { repository } = await createInitializedProject({ database: source });
  const project = await createTestProject({ database: source, repository, variables: { SUPABASE_DB_URL: url } });
  const terminal = runOnTerminal(['backup', '--env-file', project.envFile]);
  await terminal.waitFor('assword');
  terminal.type(`${password!.reveal()}\n`);
  const { exitCode, shown } = await terminal.finished;
  expect(shown).toContain('is complete');
  expect(shown).not.toContain(password!.reveal());
  expect(exitCode).toBe(0);
});

test('Ctrl-C ends the agent and what it has started, which has the time to end in order', async () => {
  const source = await createTestDatabase();
  const { project } = await createInitializedProject({ database: source });
  const held = await holdDumps(source);
  const socket = join(project.directory, 'agent.sock');
  const terminal = runOnTerminal([
    'daemon',
    '--projects-directory',
    project.directory,
    '--socket',
    socket,
    '--log-level',
    'debug',
  ]);
  await terminal.waitFor('the agent is ready');
  expect(await runAgent(['run-now', 'shop', '--socket', socket])).toMatchObject({ exitCode: 0 });
  await terminal.waitFor('snapshot: stage begins');
  terminal.type(controlC);
  const { exitCode, shown } = await terminal.finished;
  expect(shown).toMatch(/run cancelled .*exitCode=130[^]*The agent has ended/);
  expect(exitCode).toBe(0);
  await held.release();
  const status = await runAgent(['status', '--env-file', project.envFile, '--json']);
  expect(status.json()).toMatchObject({ lastRun: { status: 'failed', error: { code: 'interrupted' } } });
  await expectNoLeaks(project.directory);
});

test('progress is drawn on a terminal, and only there', async () => {
  const source = await createTestDatabase({ template: 'supabase' });
  const { project } = await createInitializedProject({ database: source });
  const { exitCode, shown } = await runOnTerminal(['backup', '--env-file', project.envFile]).finished;
  expect(exitCode).toBe(0);
  expect(shown).toContain('\r\u001B[2KArchiving database/full.dump');
  expect(shown).toContain('\r\u001B[2KReading the archive back');
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 0, stderr: '' });
});

import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runAgent } from '../../helpers/agent.ts';
import { runAgentHere } from '../../helpers/agent-here.ts';
import { watchDaemon } from '../../helpers/running-daemon.ts';
import { createStatusScene, rememberRun, rememberSizes, type StatusScene } from '../../helpers/status-scene.ts';
import { runOnTerminalHere } from '../../helpers/terminal-here.ts';

/** What alerts and the long-running agent need; without them a project can still be told of. */
const secrets = {
  SUPABASE_DB_PASSWORD_COMMAND: '',
  SUPABASE_DB_PASSWORD: 'hunter2',
  BORG_PASSPHRASE_FILE: '',
  BORG_PASSPHRASE: 'hunter2',
};

/** Five projects, each in another state. */
async function createProjects(): Promise<StatusScene> {
  const scene = await createStatusScene();
  const now = new Date();
  await scene.addProject('api');
  await scene.addProject('blog', secrets);
  await scene.addProject('fresh', secrets);
  await scene.addProject('old', { BACKUP_SCHEDULE: 'nightly' });
  await scene.addProject('shop', secrets);
  scene.remember('api', (state) => {
    rememberRun(state, now, { hoursAgo: 29.5, status: 'complete' });
    rememberRun(state, now, { hoursAgo: 2.5, status: 'failed', message: 'PostgreSQL at db: refused.' });
  });
  scene.remember('blog', (state) => rememberRun(state, now, { hoursAgo: 73.5, status: 'complete' }));
  scene.remember('shop', (state) => {
    rememberRun(state, now, { hoursAgo: 5.5, status: 'complete' });
    rememberSizes(state, 5 * 1024 ** 3, 1024 ** 2);
  });
  return scene;
}

test('tells of every project, whatever is wrong with one of them', async () => {
  const { directory, stateDirectory } = await createProjects();
  const status = (...args: string[]) => runAgent(['status', '--projects-directory', directory, ...args]);
  // Whoever looks makes nothing: what root makes is in the way of the user of the runs.
  await status();
  expect(await readdir(stateDirectory)).toEqual(['api', 'blog', 'shop']);
  // Only the agent knows when the next backup comes; nothing here is due for it.
  const daemon = watchDaemon(runAgentHere, directory, ['fresh']);
  await daemon.line('the agent is ready');

  const all = await status('--socket', daemon.socket);
  expect(all).toMatchObject({ exitCode: 2, stderr: '' });
  const [table, notes] = all.stdout.split('\n\n');
  expect(table!.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['PROJECT', 'HEALTH', 'LAST GOOD', 'NEXT', 'SIZE', 'GROWTH'],
    ['api', 'failed', '29 h ago', '-', '-', '-'],
    ['blog', 'late', '3 days ago', '-', '-', '-'],
    ['fresh', 'never', 'never', expect.stringMatching(/^in \d+ h$|^in \d+ min$|^now$/) as unknown, '-', '-'],
    ['old', 'unusable', '-', '-', '-', '-'],
    ['shop', 'ok', '5 h ago', '-', '5 GiB', '+1 MiB'],
  ]);
  expect(notes).toMatch(
    /^api: The backup of .* failed: PostgreSQL at db: refused\.\nblog: .*\nfresh: .*\nold: .*BACKUP_SCHEDULE has to be/,
  );

  const some = await status('shop', 'fresh', '--max-age', '1h', '--json', '--socket', daemon.socket);
  expect(some).toMatchObject({ exitCode: 1, stderr: '' });
  expect(some.json()).toMatchObject({
    command: 'status',
    status: 'failed',
    projects: [
      { name: 'shop', health: 'ok', originalBytes: 5 * 1024 ** 3, problem: expect.stringContaining('hours old') as unknown },
      { name: 'fresh', health: 'never', next: { kind: 'backup', from: 'agent' }, lastComplete: null },
    ],
    agent: { pid: daemon.agent.pid },
  });

  const check = await status('blog', 'shop', 'old', '--check');
  expect(check).toMatchObject({ exitCode: 2, stderr: '' });
  expect(check.stdout).toMatch(/^CRITICAL: blog: .*\nOK: shop: .*\nUNKNOWN: old: .*\n$/);
  expect(await status('shop', '--check')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^OK: shop: /) as unknown,
  });
  expect(await status('shop', '--all')).toMatchObject({ exitCode: 2, stdout: '' });
});

test('is drawn in colour on a terminal, again and again until Ctrl-C', async () => {
  const { directory } = await createProjects();
  const terminal = runOnTerminalHere(['status', '--all', '--projects-directory', directory, '--watch', '1s']);
  await terminal.waitFor('\u001B[32mok\u001B[39m');
  await terminal.waitFor('\u001B[31mlate\u001B[39m');
  // The second time is drawn over the first.
  await terminal.waitFor('\u001B[J\u001B[HPROJECT');
  terminal.type('\u0003');
  const { exitCode, shown } = await terminal.finished;
  expect(exitCode).toBe(0);
  expect(shown.startsWith('\u001B[?25l')).toBe(true);
  expect(shown.slice(shown.lastIndexOf('\u001B[J'))).toContain('\u001B[?25h');
});

import { expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { bigTable, startPausedBackup } from '../helpers/paused-backup.ts';
import { createInitializedProject } from '../helpers/scenario.ts';

test('tells of the last complete backup and of what failed since, without repository and database', async () => {
  const { project } = await createInitializedProject({ database: await createTestDatabase() });
  const status = (...args: string[]) => runAgent(['status', '--env-file', project.envFile, ...args]);
  const { exitCode, stdout: first } = await status('--max-age', '1h');
  expect(exitCode).toBe(1);
  expect(first).toMatch(
    /^PROJECT  HEALTH  LAST GOOD  NEXT  SIZE  GROWTH\nshop     never   never      -        -       -\n\nshop: /,
  );
  expect(first).toMatch(
    /\n\nThere is no complete backup yet\.\nNo restore has been rehearsed on this machine \(agent drill\)\.\nNo run is going on\.\nNo run is on record\.\n\nNot good: There is no complete backup\.\n$/,
  );

  const made = await runAgent(['backup', '--env-file', project.envFile, '--json']);
  const { backupId } = made.json<{ backupId: string }>();
  const good = await status('--max-age', '1h', '--json');
  expect(good).toMatchObject({ exitCode: 0, stderr: '' });
  expect(good.json()).toMatchObject({
    schemaVersion: 1,
    command: 'status',
    status: 'complete',
    project: 'shop',
    running: null,
    lastComplete: { command: 'backup', status: 'complete', backupId, error: null },
    failures: [],
    problem: null,
    health: 'ok',
    reason: null,
    originalBytes: expect.any(Number) as unknown,
    deduplicatedBytes: expect.any(Number) as unknown,
  });

  // Nothing of it is there any more, which status does not ask for.
  const env = { SUPABASE_DB_URL: 'postgresql://nobody:wrong@127.0.0.1:1/nothing', BORG_REPO: '/nonexistent' };
  await runAgent(['backup', '--env-file', project.envFile], { env });
  const report = (await runAgent(['status', '--env-file', project.envFile, '--json'], { env })).json<{ failures: object[] }>();
  expect(report).toMatchObject({ lastRun: { status: 'failed' }, lastComplete: { backupId } });
  expect(report.failures).toMatchObject([{ command: 'backup', error: { code: 'source_unreachable' } }]);
  const { stdout } = await status();
  expect(stdout).toMatch(
    new RegExp(
      `\nLast complete backup: ${backupId} \\((just now|\\d+ min ago)\\)\\.\nNo restore has been rehearsed .*\nNo run is going on\\.\n\n1 run has failed since:`,
    ),
  );
  expect(stdout).toMatch(
    /^PROJECT .*\nshop +failed +(just now|\d+ min ago) +- +\d.* +\+\d.*\n\nshop: The backup of .* failed: PostgreSQL at /,
  );
  expect(stdout).toMatch(/backup: PostgreSQL at nobody@127\.0\.0\.1:1\/nothing: /);
});

test('sees the run that is going on right now', async () => {
  const database = await createTestDatabase();
  await database.query(bigTable);
  const { project } = await createInitializedProject({ database });
  const paused = await startPausedBackup(project, database);
  const during = await runAgent(['status', '--env-file', project.envFile, '--json']);
  expect(during.json()).toMatchObject({ running: { command: 'backup', status: 'running' }, lastRun: null, failures: [] });
  for (const command of ['verify', 'prune']) {
    expect(await runAgent([command, '--env-file', project.envFile])).toMatchObject({ exitCode: 11 });
  }
  paused.resume();
  expect(await paused.agent.finished).toMatchObject({ exitCode: 0 });
  const after = await runAgent(['status', '--env-file', project.envFile, '--json']);
  expect(after.json()).toMatchObject({ running: null, lastRun: { command: 'backup', status: 'complete' } });
});

test.each([
  ['--max-age', 'yesterday'],
  ['--runs', '0'],
  ['--watch', '0s'],
])('%s %s is a mistake', async (option, value) => {
  expect(await runAgent(['status', option, value])).toMatchObject({ exitCode: 2, stdout: '' });
});

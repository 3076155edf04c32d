import { appendFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openStateStore } from '../../../src/tools/state/store.ts';
import { runAgent } from '../../helpers/agent.ts';
import { runAgentHere } from '../../helpers/agent-here.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { holdDumps } from '../../helpers/held-dumps.ts';
import { startHttpServer } from '../../helpers/http-server.ts';
import { parseExposition } from '../../helpers/exposition.ts';
import { expectNoLeaks } from '../../helpers/leaks.ts';
import type { TestProject } from '../../helpers/project.ts';
import { watchDaemon } from '../../helpers/running-daemon.ts';
import { archiveNames, createInitializedProject } from '../../helpers/scenario.ts';

/** As if its last backup had been made in another year. */
function noteOldRun({ stateDirectory, name }: TestProject): void {
  const state = openStateStore(join(stateDirectory, name));
  state.startRun({ runId: 'old', command: 'backup', startedAt: new Date('2020-01-01T02:00:00Z'), backupId: undefined });
  state.finishRun('old', { status: 'complete', durationMs: 1, errorCode: undefined, errorMessage: undefined });
  state.close();
}

test('makes up for a backup that was missed, takes requests and changes, and ends in order', async () => {
  const database = await createTestDatabase();
  const told: string[] = [];
  const server = await startHttpServer((request, response) => {
    const note = async (): Promise<void> => {
      const { project: of, event } = JSON.parse(await text(request)) as { project: string; event: string };
      told.push(`${of}: ${event}`);
      response.end();
    };
    void note();
  });
  const { project, repository } = await createInitializedProject({
    database,
    variables: { SCHEDULE_TIMEZONE: 'UTC', NOTIFY_WEBHOOK_URL: server.url, NOTIFY_ON: 'failure,recovered,success,late' },
  });
  const broken = `PROJECT_NAME=broken\nBACKUP_SCHEDULE=nightly\nNOTIFY_WEBHOOK_URL=${server.url}\n`;
  await writeFile(join(project.directory, 'broken.env'), broken, { mode: 0o600 });
  noteOldRun(project);
  const daemon = watchDaemon(runAgentHere, project.directory, ['--metrics-listen', '0']);
  expect(await daemon.line('project file cannot be used', { project: 'broken' })).toMatchObject({
    reason: expect.stringContaining('BACKUP_SCHEDULE has to be hourly') as unknown,
  });
  await expect.poll(() => told, { timeout: 120_000 }).toContain('broken: failure');
  await daemon.line('run begins', { project: 'shop', job: 'backup', reason: 'missed' });
  await daemon.line('run ended', { result: 'complete' });
  expect(await archiveNames(repository)).toHaveLength(1);
  expect((await stat(daemon.socket)).mode & 0o777).toBe(0o600);
  const second = watchDaemon(runAgentHere, project.directory, []);
  expect(await second.agent.finished).toMatchObject({ exitCode: 11, stdout: '' });

  const { url } = daemon.lines.find(({ msg }) => msg === 'metrics are served') as { url: string };
  const scrape = async () => parseExposition(await (await fetch(url)).text());
  expect(await daemon.ask('run-now', 'shop', '--kind', 'drill')).toMatchObject({ exitCode: 0, stderr: '' });
  await daemon.line('run ended', { job: 'drill', result: 'complete' });
  expect((await scrape()).value('supabase_backup_drill_ok', { project: 'shop' })).toBe(1);
  expect((await scrape()).value('supabase_backup_status', { project: 'shop', status: 'complete' })).toBe(1);
  const nextRun = ['supabase_backup_next_run_timestamp_seconds', { project: 'shop', kind: 'backup' }] as const;
  const next = (await scrape()).value(...nextRun)!;
  expect(next).toBeGreaterThan(Date.now() / 1000);
  const printed = await daemon.ask('metrics', '--env-file', project.envFile);
  expect(parseExposition(printed.stdout).value(...nextRun)).toBe(next);
  const other = ['--projects-directory', project.directory, '--socket', join(project.directory, 'other.sock')];
  expect(await runAgent(['daemon', ...other, '--metrics-listen', new URL(url).host])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('another program has that port') as unknown,
  });
  expect(await runAgent(['daemon', ...other], { env: { METRICS_LISTEN: 'here' } })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('such as 9765') as unknown,
  });

  // What it has started is seen, is the only run of its project, and ends when it is asked to.
  const held = await holdDumps(database);
  expect(await daemon.ask('run-now', 'shop')).toMatchObject({ exitCode: 0, stderr: '' });
  await daemon.line('run begins', { reason: 'asked' });
  await daemon.line('stage begins', { stage: 'snapshot' });
  const status = await daemon.ask('status', '--env-file', project.envFile, '--json');
  expect(status.json()).toMatchObject({
    running: { command: 'backup' },
    agent: {
      pid: daemon.agent.pid,
      project: { name: 'shop', running: { kind: 'backup', stage: expect.any(String) as unknown } },
    },
  });
  expect(await runAgent(['backup', '--env-file', project.envFile])).toMatchObject({ exitCode: 11 });
  expect(await daemon.ask('run-now', 'shop')).toMatchObject({ exitCode: 11 });
  expect(await daemon.ask('cancel', 'shop')).toMatchObject({ exitCode: 0 });
  await daemon.line('run cancelled', { exitCode: 130 });
  expect(await daemon.ask('cancel', 'shop', '--json')).toMatchObject({ exitCode: 2 });
  // Whoever has done that knows it.
  expect((await daemon.ask('status', '--env-file', project.envFile, '--json')).json()).toMatchObject({
    lastRun: { status: 'failed', error: { code: 'cancelled' } },
    failures: [],
    agent: { project: { running: null, last: { result: 'cancelled' } } },
  });
  // Its last backup was of another year. That is told, unless the one that makes up for it is faster.
  expect([
    ['shop: late', 'shop: recovered', 'shop: success'],
    ['shop: success', 'shop: success'],
  ]).toContainEqual(told.filter((event) => event.startsWith('shop')));

  await appendFile(project.envFile, 'BACKUP_SCHEDULE=15 4 * * *\n');
  daemon.agent.kill('SIGHUP');
  expect(await daemon.line('configuration was read again')).toMatchObject({ projects: 1, broken: 1 });
  expect(daemon.lines).toContainEqual(
    expect.objectContaining({ project: 'shop', changes: ['backup: daily (UTC, up to 1800 s later) -> 15 4 * * * (UTC)'] }),
  );
  await appendFile(project.envFile, 'BACKUP_SCHEDULE=never\n');
  daemon.agent.kill('SIGHUP');
  await daemon.line('project file cannot be used', { project: 'shop' });
  daemon.agent.kill('SIGTERM');
  expect(await daemon.agent.finished).toMatchObject({ exitCode: 0 });
  await expect(fetch(url)).rejects.toThrow();
  await held.release();
  await expectNoLeaks(project.directory);
});

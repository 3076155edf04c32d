import { expect, test } from 'vitest';
import type { RunContext } from '../../../src/context.ts';
import type { RunStatus } from '../../../src/domain/exit-code.ts';
import { AppError, cancelReason } from '../../../src/errors.ts';
import { tellEarlyFailure, withAlerts } from '../../../src/pipeline/alerts.ts';
import { openStateStore } from '../../../src/tools/state/store.ts';
import { createAlertScene, secretCanary, type AlertScene } from '../../helpers/alerting.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const good = { status: 'complete', warnings: [], backupId: 'shop-1' } as const;
const refused = new AppError('source_unreachable', 'PostgreSQL at db: refused.', { hint: 'Start it.' });

/** A run that ends that way, in the history as well. */
async function runOnce(
  { context, record }: AlertScene,
  status: RunStatus,
  command: 'backup' | 'verify' = 'backup',
): Promise<void> {
  const work = async (): Promise<{ status: RunStatus; warnings: string[] }> => {
    record(command, status);
    if (status === 'failed') throw refused;
    return { status, warnings: [] };
  };
  await withAlerts(context, command, work).catch(() => undefined);
}

test('the story of a project: each end is told, and that it is good again once', async () => {
  const scene = await createAlertScene();
  const ends = ['complete', 'failed', 'failed', 'complete', 'complete', 'incomplete', 'complete'] as const;
  for (const status of ends) await runOnce(scene, status);
  const told = scene.sent.filter(({ events }) => events[0] !== 'start').map(({ events }) => events.join(' and '));
  expect(told).toEqual([
    'success',
    'failure',
    'failure',
    'recovered and success',
    'success',
    'incomplete',
    'recovered and success',
  ]);
  expect(scene.sent.filter(({ events }) => events[0] === 'start')).toHaveLength(ends.length);
});

test('somebody at a terminal is told of a run that a time limit has ended, whether still there or not', async () => {
  const ending = new AbortController();
  const scene = await createAlertScene();
  const reason = new AppError('timed_out', 'It went on for 22 h.', { hint: 'Look.' });
  ending.abort(reason);
  const context = { ...scene.context, signal: ending.signal, invocation: { ...scene.context.invocation, attended: true } };
  await expect(withAlerts(context, 'backup', () => Promise.reject(reason))).rejects.toBe(reason);
  expect(scene.sent.at(-1)).toMatchObject({ events: ['failure'], error: { code: 'timed_out' } });
});

test('a good verification makes no failed backup good again, and the other way round', async () => {
  const scene = await createAlertScene();
  await runOnce(scene, 'failed');
  await runOnce(scene, 'complete', 'verify');
  await runOnce(scene, 'complete');
  await runOnce(scene, 'failed', 'verify');
  const told = scene.sent.filter(({ events }) => events[0] !== 'start');
  expect(told.map(({ events, run }) => `${run?.command} ${events[0]}`)).toEqual([
    'backup failure',
    'verify success',
    'backup recovered',
    'verify failure',
  ]);
});

test('after a run that was killed the next good one is a recovery', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'running');
  await runOnce(scene, 'complete');
  expect(scene.events()).toEqual(['start', 'recovered']);
});

test('a failure tells its error, its exit code and the last good backup, and is thrown as it was', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  await expect(withAlerts(scene.context, 'backup', () => Promise.reject(refused))).rejects.toBe(refused);
  expect(scene.sent.at(-1)).toMatchObject({
    project: 'shop',
    hostname: 'backup-1',
    run: { command: 'backup', status: 'failed', exitCode: 20 },
    error: { code: 'source_unreachable', message: 'PostgreSQL at db: refused.', hint: 'Start it.' },
    lastComplete: { startedAt: new Date('2026-11-21T02:00:00Z') },
  });
});

test('an incomplete backup names what it does not hold, without the details', async () => {
  const scene = await createAlertScene();
  const coverage = [
    { component: 'tables', state: 'captured', detail: '3 tables' },
    { component: 'roles', state: 'not readable', detail: secretCanary },
  ] as const;
  await withAlerts(scene.context, 'backup', async () => ({ ...good, status: 'incomplete' as const, coverage }));
  expect(scene.sent.at(-1)).toMatchObject({ events: ['incomplete'], notCaptured: ['roles'], run: { exitCode: 3 } });
  expect(JSON.stringify(scene.sent)).not.toContain(secretCanary);
});

test('what is thrown without thought of secrets stays on the machine', async () => {
  const scene = await createAlertScene();
  await expect(withAlerts(scene.context, 'backup', () => Promise.reject(new Error(secretCanary)))).rejects.toThrow(
    secretCanary,
  );
  expect(scene.events()).toEqual(['start', 'failure']);
  expect(JSON.stringify(scene.sent)).not.toContain('canary');
});

test('what does not arrive is a warning of the run, which is as good as it was', async () => {
  const scene = await createAlertScene();
  scene.failing = 'the server answered 503';
  expect(await withAlerts(scene.context, 'backup', async () => good)).toEqual({
    ...good,
    warnings: ['nobody was told by webhook: the server answered 503'],
  });
  await expect(withAlerts(scene.context, 'backup', () => Promise.reject(refused))).rejects.toBe(refused);
});

test('a run that only finds another one going on is no news', async () => {
  const scene = await createAlertScene({ id: 'one' });
  const lock = await scene.context.state.acquireLock();
  const locked = new AppError('locked', 'Another run is going on.', { hint: 'Wait.' });
  await expect(withAlerts(scene.context, 'backup', () => Promise.reject(locked))).rejects.toBe(locked);
  lock.release();
  expect(scene.sent).toEqual([]);
  expect(scene.context.state.fact('told_invocation')).toMatch(/^one 2026-11-21T/);
});

test.each([
  ['interrupted', true, []],
  ['interrupted', false, ['start', 'failure']],
  ['configuration', true, []],
  ['configuration', false, ['start', 'failure']],
  ['source_unreachable', true, ['failure']],
] as const)('%s, with somebody at a terminal: %s, tells %j', async (code, attended, events) => {
  const scene = await createAlertScene({ attended });
  const error = new AppError(code, 'No.', { hint: '' });
  const controller = new AbortController();
  const context: RunContext = { ...scene.context, signal: controller.signal };
  const work = async (): Promise<typeof good> => {
    if (code === 'interrupted') controller.abort();
    throw error;
  };
  await expect(withAlerts(context, 'backup', work)).rejects.toBe(error);
  expect(scene.events()).toEqual(events);
});

test('what somebody has cancelled is no news, and no trouble from which the next run recovers', async () => {
  const scene = await createAlertScene();
  const controller = new AbortController();
  controller.abort(cancelReason);
  const cancelled = new AppError('cancelled', 'Cancelled.', { hint: '' });
  const context = { ...scene.context, signal: controller.signal };
  scene.record('backup', 'complete');
  const work = (): Promise<typeof good> => {
    scene.record('backup', 'failed', 'cancelled');
    return Promise.reject(cancelled);
  };
  await expect(withAlerts(context, 'backup', work)).rejects.toBe(cancelled);
  await withAlerts(scene.context, 'backup', async () => good);
  expect(scene.events()).toEqual(['start', 'start', 'success']);
});

test('a state that cannot be opened is told as well', async () => {
  const scene = await createAlertScene();
  await tellEarlyFailure(scene.context, 'backup', new AppError('failed', 'The run history cannot be opened.', { hint: '' }));
  expect(scene.sent).toMatchObject([{ events: ['failure'], error: { message: 'The run history cannot be opened.' } }]);
});

test('a history that cannot be read does not hold a backup up', async () => {
  const scene = await createAlertScene();
  const state = openStateStore(await createTemporaryDirectory());
  state.close();
  expect(await withAlerts({ ...scene.context, state }, 'backup', async () => good)).toEqual(good);
  expect(scene.events()).toEqual(['start', 'success']);
});

import { expect, test } from 'vitest';
import { withAlerts } from '../../../src/pipeline/alerts.ts';
import { notifyFailure } from '../../../src/pipeline/notify-failure.ts';
import { AppError } from '../../../src/errors.ts';
import { createAlertScene } from '../../helpers/alerting.ts';

const unit = 'supabase-backup@shop.service';
const exited = { unit, result: 'exit-code', exitCode: 'exited', exitStatus: '20', invocationId: 'one' };
const killed = { unit, result: 'oom-kill', exitCode: 'killed', exitStatus: 'KILL', invocationId: 'one' };

test('a run that has told its end is not told again; the next start of the unit that could not is', async () => {
  const scene = await createAlertScene({ id: 'one' });
  const refused = new AppError('source_unreachable', 'No.', { hint: '' });
  await withAlerts(scene.context, 'backup', () => Promise.reject(refused)).catch(() => undefined);
  expect(scene.events()).toEqual(['start', 'failure']);
  expect(await notifyFailure(scene.context, exited)).toMatchObject({ alreadyTold: true, deliveries: [] });
  expect(scene.sent).toHaveLength(2);
  scene.passHours(1);
  expect(await notifyFailure(scene.context, exited)).toMatchObject({ alreadyTold: false });
  const next = { ...exited, exitStatus: '2', invocationId: 'two' };
  expect(await notifyFailure(scene.context, next)).toMatchObject({ alreadyTold: false, deliveries: [{ error: undefined }] });
  const message = `The service ${unit} ended with exit code 2 before it could tell why. Earlier backups are as they were.`;
  expect(scene.sent.at(-1)).toMatchObject({ events: ['failure'], run: undefined, error: { message } });
});

test('a killed run is told with its backup', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  scene.record('backup', 'running');
  const [newest, before] = scene.context.state.listRuns(2);
  await notifyFailure(scene.context, killed);
  expect(scene.sent).toMatchObject([
    {
      events: ['failure'],
      run: { command: 'backup', status: 'failed', backupId: newest!.backupId, durationMs: undefined },
      error: { message: `The service ${unit} was killed because memory had run out. Earlier backups are as they were.` },
      lastComplete: { backupId: before!.backupId },
    },
  ]);
});

test('a run that goes on was not killed', async () => {
  const scene = await createAlertScene();
  const lock = await scene.context.state.acquireLock();
  scene.record('backup', 'running');
  await notifyFailure(scene.context, { ...exited, exitStatus: '11' });
  expect(scene.sent).toMatchObject([{ run: undefined }]);
  lock.release();
});

import { expect, test } from 'vitest';
import { withAlerts } from '../../../src/pipeline/alerts.ts';
import { checkLateness, noticeLateness } from '../../../src/pipeline/check-lateness.ts';
import { openStateStore } from '../../../src/tools/state/store.ts';
import { createAlertScene } from '../../helpers/alerting.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

test('a backup that is late is told once, and once that it is good again', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  expect(await checkLateness(scene.context)).toMatchObject({ late: false });
  scene.passHours(49);
  scene.record('backup', 'failed');
  for (let times = 0; times < 3; times += 1) expect(await checkLateness(scene.context)).toMatchObject({ late: true });
  expect(scene.sent).toMatchObject([
    { events: ['late'], run: undefined, reason: 'The newest complete backup is 49.0 hours old, 48.0 hours are allowed.' },
  ]);
  scene.record('backup', 'complete');
  for (let times = 0; times < 3; times += 1) expect(await checkLateness(scene.context)).toMatchObject({ late: false });
  expect(scene.events()).toEqual(['late', 'recovered']);
  scene.passHours(49);
  await checkLateness(scene.context);
  expect(scene.events()).toEqual(['late', 'recovered', 'late']);
});

test('the backup that comes late tells by itself that all is well, and the check not again', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  scene.passHours(49);
  await checkLateness(scene.context);
  await withAlerts(scene.context, 'backup', async () => {
    scene.record('backup', 'complete');
    return { status: 'complete', warnings: [] };
  });
  await checkLateness(scene.context);
  expect(scene.events()).toEqual(['late', 'start', 'recovered']);
});

test('what nobody heard is told again', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  scene.passHours(49);
  scene.failing = 'the connection was refused';
  await checkLateness(scene.context);
  scene.failing = undefined;
  await checkLateness(scene.context);
  await checkLateness(scene.context);
  expect(scene.events()).toEqual(['late', 'late']);
});

test('a project that never ran counts from the first look at it', async () => {
  const scene = await createAlertScene();
  expect(await checkLateness(scene.context)).toMatchObject({ late: false });
  scene.passHours(47);
  scene.record('backup', 'failed');
  expect(await checkLateness(scene.context)).toMatchObject({ late: false });
  scene.passHours(2);
  expect(await checkLateness(scene.context)).toMatchObject({ late: true });
  expect(scene.sent[0]!.reason).toMatch(/^There is no complete backup yet, 49\.0 hours after/);
});

test('on the way of another run it holds nothing up', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  scene.passHours(49);
  await noticeLateness(scene.context);
  const state = openStateStore(await createTemporaryDirectory());
  state.close();
  await noticeLateness({ ...scene.context, state });
  expect(scene.events()).toEqual(['late']);
});

test('LATE_AFTER says how long', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  scene.passHours(5);
  const config = { ...scene.context.config, alerts: { targets: [], lateAfterMs: 4 * 3_600_000 } };
  expect(await checkLateness({ ...scene.context, config })).toMatchObject({ late: true });
});

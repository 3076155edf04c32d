import { describe, expect, test } from 'vitest';
import type { ScheduleConfig } from '../../../src/config/schedule-settings.ts';
import type { RunContext } from '../../../src/context.ts';
import { formatArchiveName, formatBackupId, type ArchiveKind } from '../../../src/domain/archive-name.ts';
import { parseSchedule, type Schedule } from '../../../src/domain/schedule/parse.ts';
import { withAlerts } from '../../../src/pipeline/alerts.ts';
import { checkLateness, findLateness, noticeLateness } from '../../../src/pipeline/check-lateness.ts';
import { openStateStore } from '../../../src/tools/state/store.ts';
import { createAlertScene } from '../../helpers/alerting.ts';
import { noSchedules } from '../../helpers/context.ts';
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

test('whoever only asks tells nobody, and notes nothing', async () => {
  const scene = await createAlertScene();
  expect(findLateness(scene.context)).toMatchObject({ late: false });
  expect(scene.context.state.fact('first_seen_at')).toBeUndefined();
  scene.record('backup', 'complete');
  scene.passHours(49);
  expect(findLateness(scene.context)).toMatchObject({
    late: true,
    reason: 'the newest complete backup is 49.0 hours old, 48.0 hours are allowed',
  });
  expect(scene.sent).toEqual([]);
});

test('LATE_AFTER says how long', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  scene.passHours(5);
  const config = { ...scene.context.config, alerts: { targets: [], lateAfterMs: 4 * 3_600_000 } };
  expect(await checkLateness({ ...scene.context, config })).toMatchObject({ late: true });
});

test('a weekly project is late after two weeks, and one without a schedule after two days', async () => {
  const scene = await createAlertScene();
  scene.record('backup', 'complete');
  scene.passHours(13 * 24);
  const weekly = { backup: parseSchedule('weekly', 'UTC') as Schedule, storage: undefined };
  const judge = (schedule: Partial<ScheduleConfig>) =>
    checkLateness({ ...scene.context, config: { ...scene.context.config, schedule: { ...noSchedules, ...schedule } } });
  expect(await judge(weekly)).toEqual({
    late: false,
    reason: 'the newest complete backup is 13.0 days old, 14.0 days are allowed',
    deliveries: [],
  });
  expect(await judge({ backup: undefined })).toMatchObject({ late: true });
});

describe('where Storage has a schedule of its own', () => {
  const config = { database: {}, storage: {} } as unknown as Pick<RunContext['config'], 'database' | 'storage'>;
  const createScene = async (lateAfterMs?: number) => {
    const scene = await createAlertScene();
    const schedule = { ...noSchedules, backup: read('daily'), storage: read('weekly') };
    const alerts = { targets: [], lateAfterMs };
    const context = { ...scene.context, config: { ...scene.context.config, ...config, schedule, alerts } };
    const record = (kinds: readonly ArchiveKind[], status: 'complete' | 'incomplete' = 'complete', project = 'shop'): void => {
      for (const kind of kinds) {
        const name = formatArchiveName(formatBackupId(project, scene.context.clock.now()), kind);
        const archive = { archiveId: name, name, kind, status, chunkerParams: '', sizes: undefined, runKinds: kinds };
        scene.context.state.indexArchive(archive);
      }
      scene.record('backup', status);
    };
    return { ...scene, context, record };
  };
  const read = (text: string): Schedule => parseSchedule(text, 'UTC') as Schedule;

  test('backups of the database alone do not stand in for it, and do not say that all is well again', async () => {
    const scene = await createScene();
    scene.record(['database', 'storage']);
    for (let day = 0; day < 14; day += 1) {
      expect(await checkLateness(scene.context)).toMatchObject({ late: false });
      scene.passHours(24);
      await withAlerts(scene.context, 'backup', async () => {
        scene.record(['database']);
        return { status: 'complete', warnings: [] };
      });
      // One that is no backup of this project, and one that lacks something.
      scene.record(['storage'], 'complete', 'shop-pre-restore');
      scene.record(['storage'], 'incomplete');
      scene.record(['database']);
    }
    scene.passHours(24);
    scene.record(['database']);
    expect(await checkLateness(scene.context)).toMatchObject({
      late: true,
      reason: 'the newest complete backup of Storage is 15.0 days old, 14.0 days are allowed',
    });
    const told = scene.sent.length;
    const backUp = (kinds: readonly ArchiveKind[]): Promise<unknown> =>
      withAlerts(scene.context, 'backup', async () => {
        scene.record(kinds);
        return { status: 'complete', warnings: [] };
      });
    await backUp(['database']);
    await checkLateness(scene.context);
    await backUp(['database', 'storage']);
    await checkLateness(scene.context);
    expect(scene.events().slice(told)).toEqual(['start', 'success', 'start', 'recovered']);
  });

  test('those of Storage alone do not stand in for the database', async () => {
    const scene = await createScene();
    scene.record(['database', 'storage']);
    scene.passHours(49);
    scene.record(['storage']);
    expect(await checkLateness(scene.context)).toMatchObject({
      late: true,
      reason: 'the newest complete backup of the database is 49.0 hours old, 48.0 hours are allowed',
    });
  });

  test('LATE_AFTER is for the database, where it is shorter', async () => {
    const scene = await createScene(26 * 3_600_000);
    scene.record(['database', 'storage']);
    scene.passHours(25);
    expect(await checkLateness(scene.context)).toMatchObject({ late: false });
    scene.passHours(2);
    expect(await checkLateness(scene.context)).toMatchObject({
      late: true,
      reason: expect.stringMatching(/^the [^;]+$/) as unknown,
    });
  });

  test('what was never asked for before is waited for', async () => {
    const scene = await createScene();
    scene.context.state.noteFact('first_seen_at', '2020-01-01T00:00:00Z');
    scene.record(['database']);
    expect(await checkLateness(scene.context)).toMatchObject({ late: false });
    for (let day = 0; day < 15; day += 1) {
      scene.passHours(24);
      scene.record(['database']);
    }
    expect(await checkLateness(scene.context)).toMatchObject({
      late: true,
      reason: expect.stringMatching(/^there is no complete backup of Storage yet, 15\.0 days after/) as unknown,
    });
  });
});

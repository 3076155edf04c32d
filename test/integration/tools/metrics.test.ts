import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { RunRecord, StateStore } from '../../../src/state-store.ts';
import { systemClock } from '../../../src/tools/clock.ts';
import { createMetrics } from '../../../src/tools/metrics/metrics.ts';
import { exposeMetrics } from '../../../src/tools/metrics/render.ts';
import { openStateStore } from '../../../src/tools/state/store.ts';
import type { Metrics } from '../../../src/metrics.ts';
import { parseExposition, type Exposition } from '../../helpers/exposition.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

let directory: string;
let state: StateStore;
let warnings: string[];

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  state = openStateStore(join(directory, 'shop'));
  warnings = [];
  onTestFinished(() => state.close());
});

function create(replaced: Partial<StateStore> = {}, file = join(directory, 'shop.prom')): Metrics {
  const write = (line: Buffer, _: string, done: () => void): void => {
    warnings.push((JSON.parse(line.toString()) as { msg: string }).msg);
    done();
  };
  return createMetrics({
    project: 'shop',
    agentVersion: '0.1.0',
    stateDirectory: directory,
    state: { ...state, ...replaced },
    expected: { project: 'shop', schedule: undefined, storageSchedule: undefined, lateAfterMs: undefined },
    repository: { location: 'ssh://backup@host/./shop', lastSizes: () => undefined },
    clock: systemClock,
    log: pino({ level: 'warn' }, new Writable({ write })),
    file,
  });
}

const time = (day: number): Date => new Date(Date.UTC(2026, 10, day, 2));

function addRun(day: number, status: RunRecord['status'], command: RunRecord['command'] = 'backup', errorCode?: string): void {
  const runId = `${command} ${day}`;
  state.startRun({ runId, command, startedAt: time(day), backupId: undefined });
  if (status === 'running') return;
  state.finishRun(runId, { status, durationMs: 1000, errorCode, errorMessage: undefined });
}

const printed = async (): Promise<Exposition> => parseExposition(await exposeMetrics([await create().facts()]));
const lastAttempt = 'supabase_backup_last_attempt_timestamp_seconds';
const lastSuccess = 'supabase_backup_last_success_timestamp_seconds';
const failed = ['supabase_backup_status', { status: 'failed' }] as const;

test('a run without an end is going on while the project is locked, and was killed when it is not', async () => {
  addRun(1, 'complete');
  addRun(2, 'incomplete');
  addRun(3, 'running');
  const lock = await state.acquireLock();
  // Taking the lock says of the killed one that it has failed.
  addRun(4, 'running');
  const during = await printed();
  expect(during.value(lastAttempt)).toBe(time(3).getTime() / 1000);
  lock.release();
  const killed = await printed();
  expect(killed.value(lastAttempt)).toBe(time(4).getTime() / 1000);
  expect(killed.value(...failed)).toBe(1);
  expect(killed.value(lastSuccess)).toBe(time(1).getTime() / 1000);
  expect(killed.value('supabase_backup_duration_seconds')).toBeUndefined();
  expect(killed.value('supabase_backup_runs_total', { command: 'backup', status: 'failed' })).toBe(1);
});

test('what somebody has cancelled leaves all as it was, but for the number of runs', async () => {
  addRun(1, 'complete');
  const metrics = create();
  const run = { command: 'backup', startedAt: time(2), durationMs: 1000 };
  metrics.stageBegins('storage');
  await metrics.runEnded({ ...run, startedAt: time(1), status: 'complete' });
  addRun(2, 'failed', 'backup', 'cancelled');
  metrics.stageBegins('database');
  await metrics.runEnded({ ...run, status: 'cancelled' });
  const { value } = parseExposition(await readFile(join(directory, 'shop.prom'), 'utf8'));
  expect(value('supabase_backup_status', { status: 'complete' })).toBe(1);
  expect(value(lastAttempt)).toBe(time(1).getTime() / 1000);
  expect(value('supabase_backup_stage_duration_seconds', { stage: 'database' })).toBeUndefined();
  const count = (status: string) => value('supabase_backup_runs_total', { command: 'backup', status });
  expect(['complete', 'failed', 'cancelled'].map(count)).toEqual([1, 0, 1]);
  await create({ measurements: () => expect.fail('the disk is gone') }).runEnded({ ...run, status: 'cancelled' });
  expect(warnings).toEqual(['METRICS_FILE could not be written']);
});

test('other commands do not count as backups, and of a remote repository no room is known', async () => {
  addRun(1, 'complete');
  addRun(2, 'failed', 'restore');
  addRun(3, 'failed', 'prune');
  const { value } = await printed();
  expect(value(...failed)).toBe(0);
  expect(value(lastSuccess)).toBe(time(1).getTime() / 1000);
  expect(value('supabase_backup_filesystem_free_bytes')).toBeGreaterThan(0);
  expect(value('supabase_backup_filesystem_free_bytes', { directory: 'repository' })).toBeUndefined();
});

test('on a full disk the file tells of the failure that the run history could not take', async () => {
  addRun(1, 'complete');
  addRun(2, 'running');
  const metrics = create({
    noteMeasurements: () => {
      throw new Error('database or disk is full');
    },
  });
  metrics.stageBegins('snapshot');
  await metrics.runEnded({ command: 'backup', status: 'failed', startedAt: time(2), durationMs: 1500 });
  const { value } = parseExposition(await readFile(join(directory, 'shop.prom'), 'utf8'));
  expect(value(...failed)).toBe(1);
  expect(value(lastAttempt)).toBe(time(2).getTime() / 1000);
  expect(value(lastSuccess)).toBe(time(1).getTime() / 1000);
  expect(value('supabase_backup_duration_seconds')).toBe(1.5);
  expect(value('supabase_backup_stage_duration_seconds', { command: 'backup', stage: 'snapshot' })).toBeDefined();
  expect(warnings).toEqual(['the figures for monitoring could not be kept']);
});

test('a file that cannot be written is a warning, and what is known is kept all the same', async () => {
  const metrics = create({}, join(directory, 'missing/shop.prom'));
  const storage = { totals, missing: { count: 1, names: [] }, left: { objects: 0, bytes: 0 } };
  metrics.backupMade({ archives: [{ kind: 'storage', sizes: { originalBytes: 7, deduplicatedBytes: 5 } }], storage });
  await metrics.runEnded({ command: 'backup', status: 'incomplete', startedAt: time(2), durationMs: 1500 });
  expect(warnings).toEqual(['METRICS_FILE could not be written']);
  const { value } = await printed();
  expect(value('supabase_backup_deduplicated_bytes', { kind: 'storage' })).toBe(5);
  expect(value('supabase_backup_storage_fetched_objects')).toBe(2);
  expect(value('supabase_backup_storage_missing_objects')).toBe(1);
});

const totals = { buckets: 1, objects: 3, bytes: 7, downloadedObjects: 2, downloadedBytes: 4 };

test('a run history that cannot be read is a warning, too, and no file is made up', async () => {
  const metrics = create({
    newestRun: () => {
      throw new Error('database disk image is malformed');
    },
  });
  await metrics.runEnded({ command: 'verify', status: 'complete', startedAt: time(2), durationMs: 1500 });
  expect(warnings).toEqual(['METRICS_FILE could not be written']);
  await expect(stat(join(directory, 'shop.prom'))).rejects.toThrow('ENOENT');
});

test('only the safety backups of a project are no archives of its own', async () => {
  const archive = { kind: 'database', status: 'complete', chunkerParams: 'default', sizes: undefined } as const;
  const names = [
    'shop-20261121T020000Z-database',
    'shop-20261122T020000Z-database',
    'shop-pre-restore-20261121T020000Z-database',
  ];
  for (const name of names) state.indexArchive({ ...archive, archiveId: name, name, runKinds: ['database'] });
  expect((await printed()).value('supabase_backup_archives', { kind: 'database' })).toBe(2);
});

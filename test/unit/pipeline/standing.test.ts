import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/context.ts';
import { judgeHealth, type HealthFacts } from '../../../src/domain/health.ts';
import { readStanding } from '../../../src/pipeline/standing.ts';
import type { IndexedArchive, StateStore } from '../../../src/state-store.ts';
import { openStateStore } from '../../../src/tools/state/store.ts';
import { whenTestEnds } from '../../helpers/cleanup.ts';
import { rememberRun, rememberSizes } from '../../helpers/status-scene.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const now = new Date('2026-11-21T12:00:00Z');
const clock: Clock = { now: () => now, monotonicMs: () => 0, sleep: async () => undefined };
const config = {
  project: 'shop',
  schedule: { backup: undefined, storage: undefined },
  database: {},
  storage: undefined,
  alerts: { lateAfterMs: undefined },
};

const good: HealthFacts = {
  late: false,
  running: false,
  hasComplete: true,
  lastBackup: 'complete',
  lastVerify: 'complete',
};

test.each<[string, Partial<HealthFacts>]>([
  ['ok', {}],
  ['ok', { lastVerify: undefined }],
  ['running', { running: true }],
  ['never', { hasComplete: false, lastBackup: undefined, lastVerify: undefined }],
  ['running', { hasComplete: false, lastBackup: undefined, running: true }],
  ['incomplete', { lastBackup: 'incomplete', running: true }],
  ['failed', { lastBackup: 'failed', running: true }],
  ['failed', { lastBackup: 'incomplete', lastVerify: 'failed' }],
  ['late', { late: true, lastBackup: 'failed', running: true }],
])('it is %s with %j', (health, facts) => {
  expect(judgeHealth({ ...good, ...facts })).toBe(health);
});

describe('what the state says', () => {
  const openState = async (): Promise<StateStore> => {
    const state = openStateStore(await createTemporaryDirectory());
    whenTestEnds(async () => state.close());
    return state;
  };
  const read = (state: StateStore | undefined) => readStanding({ config, clock, state });

  test('without one nothing is known', () => {
    expect(read(undefined)).toMatchObject({ health: 'never', ageMs: undefined, sizes: undefined });
  });

  test('a project that is well, and what its newest archives weigh', async () => {
    const state = await openState();
    rememberRun(state, now, { hoursAgo: 29, status: 'failed', message: 'No room.' });
    rememberRun(state, now, { hoursAgo: 5, status: 'complete' });
    rememberRun(state, now, { hoursAgo: 4, status: 'failed', command: 'restore', message: 'Refused.' });
    rememberSizes(state, 1000, 10);
    expect(read(state)).toMatchObject({
      health: 'ok',
      reason: undefined,
      running: undefined,
      lastComplete: { runId: 'backup 5 hours ago' },
      ageMs: 5 * 3_600_000,
      sizes: { originalBytes: 1000, deduplicatedBytes: 10 },
    });
  });

  test('where no run has measured anything, the index of archives tells of the newest of each kind', async () => {
    const state = await openState();
    const index = (name: string, kind: IndexedArchive['kind'], originalBytes: number | undefined): void =>
      state.indexArchive({
        archiveId: name,
        name,
        kind,
        status: 'complete',
        chunkerParams: 'default',
        sizes: originalBytes === undefined ? undefined : { originalBytes, deduplicatedBytes: 1 },
        runKinds: [kind],
      });
    index('shop-20261120T020000Z-database', 'database', 10);
    index('shop-20261121T020000Z-database', 'database', 20);
    index('shop-20261121T030000Z-database', 'database', undefined);
    index('shop-20261101T020000Z-storage', 'storage', 300);
    index('blog-20261121T030000Z-database', 'database', 4000);
    index('shop-pre-restore-20261121T030000Z-database', 'database', 5000);
    expect(read(state).sizes).toEqual({ originalBytes: 320, deduplicatedBytes: 2 });
  });

  test('what failed, and why', async () => {
    const state = await openState();
    rememberRun(state, now, { hoursAgo: 29, status: 'complete' });
    rememberRun(state, now, { hoursAgo: 5, status: 'failed', message: 'No room.' });
    expect(read(state)).toMatchObject({
      health: 'failed',
      reason: 'The backup of 2026-11-21 07:00 UTC failed: No room.',
      lastComplete: { runId: 'backup 29 hours ago' },
    });
    rememberRun(state, now, { hoursAgo: 3, status: 'incomplete' });
    expect(read(state)).toMatchObject({
      health: 'incomplete',
      reason: 'The backup of 2026-11-21 09:00 UTC is incomplete: agent show shop-3 names what is missing.',
    });
  });

  test('a run without an end goes on while it holds the lock, and was killed otherwise', async () => {
    const state = await openState();
    rememberRun(state, now, { hoursAgo: 29, status: 'complete' });
    const lock = await state.acquireLock();
    rememberRun(state, now, { hoursAgo: 1, status: 'running' });
    expect(read(state)).toMatchObject({ health: 'running', running: { runId: 'backup 1 hours ago' } });
    lock.release();
    expect(read(state)).toMatchObject({
      health: 'failed',
      running: undefined,
      reason: expect.stringContaining('the process ended without a word') as unknown,
    });
  });

  test('one that is late says so before all else, and nothing is written down', async () => {
    const state = await openState();
    rememberRun(state, now, { hoursAgo: 73, status: 'complete' });
    rememberRun(state, now, { hoursAgo: 5, status: 'failed', message: 'No room.' });
    expect(read(state)).toMatchObject({
      health: 'late',
      reason: 'The newest complete backup is 73.0 hours old, 48.0 hours are allowed.',
    });
    expect(state.fact('first_seen_at')).toBeUndefined();
  });
});

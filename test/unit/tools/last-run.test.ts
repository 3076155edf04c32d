import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RunRecord } from '../../../src/state-store.ts';
import { readLastRun } from '../../../src/tools/state/last-run.ts';
import { openStateStore } from '../../../src/tools/state/store.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

test('of what was not cut short, the newest run of a kind; a history that is not there is not made', async () => {
  const directory = join(await createTemporaryDirectory(), 'shop');
  expect(readLastRun(directory, 'backup')).toBeUndefined();
  expect(existsSync(directory)).toBe(false);

  const state = openStateStore(directory);
  onTestFinished(() => state.close());
  const add = (command: RunRecord['command'], day: number, end?: Pick<RunRecord, 'status' | 'errorCode'>): Date => {
    const startedAt = new Date(Date.UTC(2026, 10, day, 2));
    const runId = `${command} ${day}`;
    state.startRun({ runId, command, startedAt, backupId: undefined });
    if (end !== undefined) state.finishRun(runId, { ...end, durationMs: 1, errorMessage: undefined });
    return startedAt;
  };
  const complete = add('backup', 1, { status: 'complete', errorCode: undefined });
  const verified = add('verify', 2, { status: 'complete', errorCode: undefined });
  add('backup', 3, { status: 'failed', errorCode: 'interrupted' });
  expect(readLastRun(directory, 'backup')).toEqual(complete);
  expect(readLastRun(directory, 'verify')).toEqual(verified);
  expect(readLastRun(directory, 'storage')).toBeUndefined();
  const failed = add('backup', 4, { status: 'failed', errorCode: 'source_unreachable' });
  expect(readLastRun(directory, 'backup')).toEqual(failed);

  // Whoever has cancelled a run does not want it to be made up for.
  const cancelled = add('backup', 5, { status: 'failed', errorCode: 'cancelled' });
  expect(readLastRun(directory, 'backup')).toEqual(cancelled);

  // One that never told its end counts for as long as it goes on.
  const running = add('backup', 6);
  expect(readLastRun(directory, 'backup')).toEqual(cancelled);
  const lock = await openStateStore(directory).acquireLock();
  state.startRun({ runId: 'again', command: 'backup', startedAt: running, backupId: undefined });
  expect(readLastRun(directory, 'backup')).toEqual(running);
  lock.release();
  // Nor when another run, of whatever kind, has found it and written that it was killed.
  (await state.acquireLock()).release();
  expect(readLastRun(directory, 'backup')).toEqual(cancelled);

  for (const [id, name] of [
    ['a', 'shop-20261101T020000Z-storage'],
    ['b', 'shop-20261103T020000Z-storage'],
    ['c', 'shop-20261102T020000Z-storage'],
  ] as const) {
    state.indexArchive({
      archiveId: id,
      name,
      kind: 'storage',
      status: 'complete',
      chunkerParams: 'default',
      sizes: undefined,
      runKinds: ['storage'],
    });
  }
  expect(readLastRun(directory, 'storage')).toEqual(new Date('2026-11-03T02:00:00Z'));
});

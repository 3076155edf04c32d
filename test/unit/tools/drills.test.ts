import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStateStore } from '../../../src/tools/state/store.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

test('of each backup the newest drill counts that could judge it', async () => {
  const state = openStateStore(join(await createTemporaryDirectory(), 'shop'));
  onTestFinished(() => state.close());
  const add = (
    day: number,
    status: 'complete' | 'incomplete' | 'failed' | undefined,
    more: { code?: string; command?: 'verify' } = {},
  ) => {
    const [runId, startedAt] = [`run ${day}`, new Date(Date.UTC(2026, 10, day))];
    state.startRun({ runId, command: more.command ?? 'drill', startedAt, backupId: undefined });
    if (day !== 9) state.nameBackup(runId, day % 2 === 0 ? 'shop-even' : 'shop-odd');
    if (status !== undefined) {
      state.finishRun(runId, { status, durationMs: 1, errorCode: more.code, errorMessage: undefined });
    }
  };
  expect(state.drills()).toEqual([]);
  add(1, 'complete');
  add(2, 'complete');
  add(3, 'incomplete');
  add(4, 'failed', { code: 'verification_failed' });
  // These say nothing of the backup: they were interrupted, found no room, are of another command, were killed, or never knew which.
  add(5, 'failed', { code: 'interrupted' });
  add(6, 'failed', { code: 'no_space' });
  add(7, 'complete', { command: 'verify' });
  add(8, undefined);
  add(9, 'complete');
  expect(state.drills()).toEqual([
    { backupId: 'shop-even', startedAt: new Date(Date.UTC(2026, 10, 4)), status: 'failed' },
    { backupId: 'shop-odd', startedAt: new Date(Date.UTC(2026, 10, 3)), status: 'incomplete' },
  ]);
});

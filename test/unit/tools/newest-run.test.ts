import { expect, onTestFinished, test } from 'vitest';
import type { RunRecord } from '../../../src/state-store.ts';
import { openStateStore } from '../../../src/tools/state/store.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

test('the newest run is the one that began last, also where the clock was set back before it', async () => {
  const state = openStateStore(await createTemporaryDirectory());
  onTestFinished(() => state.close());
  const add = (command: RunRecord['command'], at: string, errorCode?: string): void => {
    const runId = `${command} ${at}`;
    state.startRun({ runId, command, startedAt: new Date(at), backupId: 'shop-20261121T020000Z' });
    const status = errorCode === undefined ? 'complete' : 'failed';
    state.finishRun(runId, { status, durationMs: 1, errorCode, errorMessage: undefined });
  };
  add('backup', '2031-01-01T02:00:00Z');
  add('drill', '2031-01-01T05:00:00Z');
  add('backup', '2026-11-22T02:00:00Z', 'source_unreachable');
  add('drill', '2026-11-22T05:00:00Z', 'verification_failed');
  expect(state.newestRun('backup')).toMatchObject({ status: 'failed' });
  expect(state.listRuns(1)).toMatchObject([{ command: 'drill', status: 'failed' }]);
  expect(state.drills()).toEqual([
    { backupId: 'shop-20261121T020000Z', startedAt: new Date('2026-11-22T05:00:00Z'), status: 'failed' },
  ]);
});

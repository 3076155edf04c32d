import { expect, test } from 'vitest';
import type { RunContext } from '../../../src/context.ts';
import type { RunRecord } from '../../../src/state-store.ts';
import { backup } from '../../../src/pipeline/backup.ts';
import { initialize } from '../../../src/pipeline/init.ts';
import { prune } from '../../../src/pipeline/prune.ts';
import { createTestRepository } from '../../helpers/borg.ts';
import { createTestContext } from '../../helpers/context.ts';
import { createTestDatabase } from '../../helpers/database.ts';

/** A run of a minute from now, so that it is the newest. */
function recordRun(context: RunContext, outcome: Pick<RunRecord, 'command' | 'status' | 'errorCode'> | undefined): void {
  const startedAt = new Date(context.clock.now().getTime() + 60_000);
  const runId = `run of ${startedAt.toISOString()}`;
  context.state.startRun({ runId, command: outcome?.command ?? 'backup', startedAt, backupId: undefined });
  if (outcome !== undefined) context.state.finishRun(runId, { ...outcome, durationMs: 1, errorMessage: 'It failed.' });
}

test('what the newest backup run says, and not another run, decides whether anything may be removed', async () => {
  const context = await createTestContext({ database: await createTestDatabase(), repository: await createTestRepository() });
  await initialize(context);
  await backup(context);
  const later = (minutes: number): RunContext => ({
    ...context,
    clock: { ...context.clock, now: () => new Date(Date.now() + minutes * 60_000) },
  });
  const dryRun = (minutes: number) => prune(later(minutes), { dryRun: true });

  recordRun(later(0), { command: 'verify', status: 'failed', errorCode: 'verification_failed' });
  expect(await dryRun(2)).toMatchObject({ decisions: [{ action: 'keep' }] });

  recordRun(later(1), { command: 'backup', status: 'incomplete', errorCode: undefined });
  await expect(dryRun(3)).rejects.toMatchObject({
    code: 'prune_refused',
    message: expect.stringContaining('incomplete') as string,
  });

  // Without room, to prune is what helps.
  recordRun(later(2), { command: 'backup', status: 'failed', errorCode: 'no_space' });
  expect(await dryRun(4)).toMatchObject({ decisions: [{ action: 'keep' }] });

  // A run that never told its end was killed.
  recordRun(later(3), undefined);
  await expect(dryRun(5)).rejects.toMatchObject({
    code: 'prune_refused',
    message: expect.stringContaining('failed') as string,
  });
});

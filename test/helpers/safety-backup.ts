import type { RunContext } from '../../src/context.ts';
import { backupTarget, type SafetyBackup } from '../../src/pipeline/safety-backup.ts';
import { withRun } from '../../src/pipeline/run.ts';
import type { TestDatabase } from './database.ts';

/** Makes a safety backup as a restore does before it writes anything, within a run of its own. */
export async function makeSafetyBackup(
  context: RunContext,
  target: Pick<TestDatabase, 'config'>,
  restoring = 'shop-20261121T020000Z',
): Promise<SafetyBackup> {
  const request = { command: 'restore', startedAt: context.clock.now(), backupId: undefined } as const;
  return withRun(context, request, (frame, inRun) =>
    backupTarget(inRun, frame, {
      target: { project: 'staging', envFile: undefined, database: target.config, storage: undefined, restoreAllowed: true },
      restoring,
    }),
  );
}

import { readCatalog } from '../archive/catalog.ts';
import { planPrune, removeArchives } from '../archive/prune.ts';
import type { RunContext } from '../context.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import type { PruneDecision } from '../domain/repository-retention.ts';
import { AppError } from '../errors.ts';
import { withRun } from './run.ts';
import { enterStage } from './stage.ts';

export interface PruneReport {
  readonly status: 'complete';
  readonly dryRun: boolean;
  /** For every backup and safety backup, newest first. */
  readonly decisions: readonly PruneDecision[];
  /** Archives that killed runs have left unfinished: removed with the others. */
  readonly leftovers: readonly string[];
  /** The archives that were removed, or would be. */
  readonly removed: readonly string[];
}

/**
 * Removes what retention gives up and what killed runs have left, and gives the room back to the disk. A dry run touches
 * nothing. Throws AppError prune_refused, with the reason, when nothing may be removed now; locked when a run is going on.
 */
export async function prune(outer: RunContext, { dryRun }: { readonly dryRun: boolean }): Promise<PruneReport> {
  if (dryRun) {
    const lock = await outer.state.acquireLock();
    try {
      return await plan(outer, dryRun);
    } finally {
      lock.release();
    }
  }
  const startedAt = outer.clock.now();
  return withRun(outer, { command: 'prune', startedAt, backupId: undefined }, async (_frame, context) => {
    const report = await plan(context, dryRun);
    await removeArchives(context, report.removed);
    return report;
  });
}

async function plan(context: RunContext, dryRun: boolean): Promise<PruneReport> {
  enterStage(context, 'catalog', 'Looking into the repository');
  const catalog = await readCatalog(context);
  enterStage(context, 'retention', 'Applying retention');
  const retention = planPrune(context, catalog, lastBackupStatus(context));
  if ('refused' in retention) {
    throw new AppError('prune_refused', `Nothing was removed: ${retention.refused}.`, {
      hint: retention.refused.includes('in the future')
        ? 'Correct the clock of this machine (timedatectl). If the archive got its name from a wrong clock, delete it by hand: `borg delete ::NAME`.'
        : 'Make a complete backup first (`agent backup`); `agent status` and `agent doctor` tell what stands in its way.',
    });
  }
  const { decisions } = retention;
  const old = decisions.filter(({ action }) => action === 'remove').flatMap(({ archives }) => archives);
  const { leftovers } = catalog;
  return { status: 'complete', dryRun, decisions, leftovers, removed: [...leftovers, ...old] };
}

/**
 * How the newest backup run of this machine ended. One that found no room does not count: to prune is what helps against that,
 * and retention keeps the newest complete backups all the same.
 */
function lastBackupStatus(context: RunContext): RunStatus | undefined {
  const last = context.state.newestRun('backup');
  if (last === undefined || last.errorCode === 'no_space') return undefined;
  // The lock is ours, so no other run is going on: one without an end has been killed.
  return last.status === 'running' ? 'failed' : last.status;
}

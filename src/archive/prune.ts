import type { RunContext } from '../context.ts';
import { groupAllBackups } from '../domain/backup-list.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import { planRepository, type PrunePlan } from '../domain/repository-retention.ts';
import { addToMessage, AppError } from '../errors.ts';
import type { Catalog } from './catalog.ts';

/** What retention says of the backups that the repository holds; touches nothing. */
export function planPrune(context: RunContext, catalog: Catalog, lastRunStatus: RunStatus | undefined): PrunePlan {
  return planRepository({
    project: context.config.project,
    backups: groupAllBackups(catalog.archives, context.config.project).map((group) => ({
      ...group,
      archives: group.archives.map(({ name }) => name),
    })),
    rules: context.config.retention,
    drills: new Map(context.state.drills().map(({ backupId, status }) => [backupId, status])),
    now: context.clock.now(),
    ...(lastRunStatus === undefined ? {} : { lastRunStatus }),
  });
}

/** Deletes archives, gives the room that they took back to the disk, and forgets them. */
export async function removeArchives(context: RunContext, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  context.progress.step('Removing old archives');
  await context.repository.delete(names);
  try {
    await context.repository.compact();
  } catch (error) {
    throw error instanceof AppError
      ? addToMessage(error, `${names.length} old archives are removed; their room is not free yet.`)
      : error;
  }
  const gone = new Set(names);
  const { state } = context;
  state.forgetArchives(state.indexedArchives().flatMap(({ name, archiveId }) => (gone.has(name) ? [archiveId] : [])));
}

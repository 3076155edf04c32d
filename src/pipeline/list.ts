import { readCatalog, type CatalogArchive } from '../archive/catalog.ts';
import type { RunContext } from '../context.ts';
import { groupAllBackups, type Backup } from '../domain/backup-list.ts';
import type { DrillRecord } from '../state-store.ts';

export type ListedBackup = Backup<CatalogArchive>;

export interface BackupList {
  /** Newest first. */
  readonly backups: readonly ListedBackup[];
  /** The newest drill of each backup that this machine has drilled, by its id. */
  readonly drills: ReadonlyMap<string, DrillRecord>;
  /** Archives that runs have left unfinished, or that a run on this machine is writing right now. */
  readonly unfinished: readonly string[];
  readonly runningNow: boolean;
  /** The time that ages are counted from. */
  readonly now: Date;
}

/** The project's backups, its safety backups among them. Borg is asked once, and besides for each archive that is new to this machine. */
export async function listBackups(context: RunContext): Promise<BackupList> {
  const { archives, leftovers } = await readCatalog(context);
  return {
    backups: groupAllBackups(archives, context.config.project),
    drills: new Map(context.state.drills().map((drill) => [drill.backupId, drill])),
    unfinished: leftovers,
    runningNow: context.state.isLocked(),
    now: context.clock.now(),
  };
}

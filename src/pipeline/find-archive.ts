import { readCatalog, type CatalogArchive } from '../archive/catalog.ts';
import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import { AppError } from '../errors.ts';
import { chooseBackup } from './choose-backup.ts';
import { enterStage } from './stage.ts';

export interface FoundArchives {
  readonly backupId: string;
  readonly database: CatalogArchive | undefined;
  readonly storage: CatalogArchive | undefined;
  /** What its run set out to make, and is not there. */
  readonly missing: readonly ArchiveKind[];
}

/** The database archive of a backup that the user names, and that of Storage beside it. Throws AppError backup_not_found. */
export async function findDatabaseArchive(
  context: RunContext,
  selector: string,
): Promise<{ backupId: string; archive: CatalogArchive; storage: CatalogArchive | undefined }> {
  const { backupId, database, storage } = await findArchives(context, selector);
  if (database !== undefined) return { backupId, archive: database, storage };
  throw noArchive(backupId, 'database');
}

/** The storage archive of a backup that the user names. Throws AppError backup_not_found. */
export async function findStorageArchive(
  context: RunContext,
  selector: string,
): Promise<{ backupId: string; archive: CatalogArchive }> {
  const { backupId, storage } = await findArchives(context, selector);
  if (storage !== undefined) return { backupId, archive: storage };
  throw noArchive(backupId, 'storage');
}

/** The archives of a backup that the user names, as far as there are any. Throws AppError backup_not_found. */
export async function findArchives(context: RunContext, selector: string): Promise<FoundArchives> {
  enterStage(context, 'catalog', 'Looking into the repository');
  const backup = chooseBackup(await readCatalog(context), context.config.project, selector);
  const archiveOf = (wanted: ArchiveKind): CatalogArchive | undefined => backup.archives.find(({ kind }) => kind === wanted);
  const wanted = new Set(backup.archives.flatMap(({ runKinds }) => runKinds));
  return {
    backupId: backup.backupId,
    database: archiveOf('database'),
    storage: archiveOf('storage'),
    missing: [...wanted].filter((kind) => archiveOf(kind) === undefined),
  };
}

function noArchive(backupId: string, kind: ArchiveKind): AppError {
  return new AppError('backup_not_found', `The backup ${backupId} has no ${kind} archive.`, {
    hint:
      kind === 'database'
        ? 'Choose another one (`agent list`); or add --only storage, for its objects.'
        : 'Choose another one: `agent list`.',
  });
}

import { readCatalog, type CatalogArchive } from '../archive/catalog.ts';
import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import { AppError } from '../errors.ts';
import { chooseBackup } from './choose-backup.ts';
import { enterStage } from './stage.ts';

interface FoundArchive {
  readonly backupId: string;
  readonly archive: CatalogArchive;
}

/** The database archive of a backup that the user names. Throws AppError backup_not_found. */
export async function findDatabaseArchive(context: RunContext, selector: string): Promise<FoundArchive> {
  return findArchive(context, selector, 'database');
}

/** The storage archive of a backup that the user names. Throws AppError backup_not_found. */
export async function findStorageArchive(context: RunContext, selector: string): Promise<FoundArchive> {
  return findArchive(context, selector, 'storage');
}

async function findArchive(context: RunContext, selector: string, wanted: ArchiveKind): Promise<FoundArchive> {
  enterStage(context, 'catalog', 'Looking into the repository');
  const backup = chooseBackup(await readCatalog(context), context.config.project, selector);
  const archive = backup.archives.find(({ kind }) => kind === wanted);
  if (archive !== undefined) return { backupId: backup.backupId, archive };
  throw new AppError('backup_not_found', `The backup ${backup.backupId} has no ${wanted} archive.`, {
    hint: 'Choose another one: `agent list`.',
  });
}

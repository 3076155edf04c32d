import { readCatalog, type CatalogArchive } from '../archive/catalog.ts';
import type { RunContext } from '../context.ts';
import { AppError } from '../errors.ts';
import { chooseBackup } from './choose-backup.ts';
import { enterStage } from './stage.ts';

/** The database archive of a backup that the user names. Throws AppError backup_not_found. */
export async function findDatabaseArchive(
  context: RunContext,
  selector: string,
): Promise<{ backupId: string; archive: CatalogArchive }> {
  enterStage(context, 'catalog', 'Looking into the repository');
  const backup = chooseBackup(await readCatalog(context), context.config.project, selector);
  const archive = backup.archives.find(({ kind }) => kind === 'database');
  if (archive !== undefined) return { backupId: backup.backupId, archive };
  throw new AppError('backup_not_found', `The backup ${backup.backupId} has no database archive.`, {
    hint: 'Choose another one: `agent list`.',
  });
}

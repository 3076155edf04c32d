import type { Catalog, CatalogArchive } from '../archive/catalog.ts';
import { groupAllBackups, selectBackup, type Backup } from '../domain/backup-list.ts';
import { AppError } from '../errors.ts';

/** The backup, or safety backup, that a user means. Throws AppError backup_not_found, with those there are. */
export function chooseBackup(catalog: Catalog, project: string, text: string): Backup<CatalogArchive> {
  const selection = selectBackup(groupAllBackups(catalog.archives, project), text);
  if ('backup' in selection) return selection.backup;
  if (selection.failure === 'no backups') {
    throw new AppError('backup_not_found', `The repository holds no backup of the project ${project}.`, {
      hint: 'Make one with `agent backup`; or is PROJECT_NAME or BORG_REPO another one?',
    });
  }
  const what = selection.failure === 'ambiguous' ? 'could mean several backups' : 'is no backup of this project';
  throw new AppError('backup_not_found', `"${text}" ${what}.`, {
    hint: `There are: ${selection.candidates.slice(0, 10).join(', ')}. \`agent list\` shows them all.`,
  });
}

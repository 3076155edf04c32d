import { readCatalog, type CatalogArchive } from '../archive/catalog.ts';
import { verificationError } from '../archive/verification-error.ts';
import { readManifest } from '../archive/verify.ts';
import type { RunContext } from '../context.ts';
import type { Backup } from '../domain/backup-list.ts';
import type { Manifest } from '../domain/manifest.ts';
import { chooseBackup } from './choose-backup.ts';

export interface BackupDetails {
  readonly backup: Backup<CatalogArchive>;
  readonly archive: CatalogArchive;
  readonly manifest: Manifest;
}

/** What the manifest of a backup says. Throws AppError backup_not_found, verification_failed. */
export async function showBackup(context: RunContext, selector: string): Promise<BackupDetails> {
  const backup = chooseBackup(await readCatalog(context), context.config.project, selector);
  const archive = backup.archives.find(({ kind }) => kind === 'database');
  if (archive === undefined) throw verificationError(backup.backupId, 'its database archive is missing');
  return { backup, archive, manifest: await readManifest(context, archive.name) };
}

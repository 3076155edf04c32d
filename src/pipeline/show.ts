import { readCatalog, type CatalogArchive } from '../archive/catalog.ts';
import { verificationError } from '../archive/verification-error.ts';
import { readManifest, readStorageManifest } from '../archive/verify.ts';
import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import type { Backup } from '../domain/backup-list.ts';
import type { Manifest } from '../domain/manifest.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import type { DrillRecord } from '../state-store.ts';
import { chooseBackup } from './choose-backup.ts';

export interface ShownArchive<ManifestOfKind> {
  readonly archive: CatalogArchive;
  readonly manifest: ManifestOfKind;
}

export interface BackupDetails {
  readonly backup: Backup<CatalogArchive>;
  /** The newest drill of it on this machine; undefined when there was none. */
  readonly drill: DrillRecord | undefined;
  /** Undefined for a backup of Storage alone. */
  readonly database: ShownArchive<Manifest> | undefined;
  /** Undefined for a backup without Storage. */
  readonly storage: ShownArchive<StorageManifest> | undefined;
}

/** What the manifests of a backup say. Throws AppError backup_not_found, verification_failed. */
export async function showBackup(context: RunContext, selector: string): Promise<BackupDetails> {
  const backup = chooseBackup(await readCatalog(context), context.config.project, selector);
  const archiveOf = (wanted: ArchiveKind): CatalogArchive | undefined => backup.archives.find(({ kind }) => kind === wanted);
  const [database, storage] = [archiveOf('database'), archiveOf('storage')];
  if (database === undefined && !backup.storageOnly)
    throw verificationError(backup.backupId, 'its database archive is missing');
  return {
    backup,
    drill: context.state.drills().find(({ backupId }) => backupId === backup.backupId),
    database: database && { archive: database, manifest: await readManifest(context, database.name) },
    storage: storage && { archive: storage, manifest: await readStorageManifest(context, storage.name) },
  };
}

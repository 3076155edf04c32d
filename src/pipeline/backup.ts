import { readCatalog, type FreshArchive } from '../archive/catalog.ts';
import { planPrune, removeArchives } from '../archive/prune.ts';
import type { ArchiveSizes, RunContext } from '../context.ts';
import { formatArchiveName, formatBackupId, parseArchiveName, type ArchiveKind } from '../domain/archive-name.ts';
import type { Coverage } from '../domain/coverage.ts';
import type { CatalogChanges, ManifestDrift } from '../domain/manifest.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import { addToMessage, AppError, messageOf } from '../errors.ts';
import { withAlerts } from './alerts.ts';
import { requireDatabase } from './configured-database.ts';
import type { DatabaseArchive } from './database-archive.ts';
import { chunkerParamsOf, listKnownArchives } from './known-archives.ts';
import { makeDatabaseArchive } from './make-archive.ts';
import { withRun } from './run.ts';
import { enterStage } from './stage.ts';
import { makeStorageArchive, type StorageArchive } from './storage-archive.ts';
import { captureStorageAlone, openStorageRun, requireStorage } from './storage-inventory.ts';

export interface BackupRequest {
  /** One of the archives alone; undefined for all that are configured. */
  readonly only: ArchiveKind | undefined;
}

export interface MadeArchive {
  readonly name: string;
  readonly kind: ArchiveKind;
  readonly sizes: ArchiveSizes;
}

export interface BackupReport {
  readonly status: 'complete' | 'incomplete';
  readonly backupId: string;
  readonly archives: readonly MadeArchive[];
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly coverage: readonly Coverage[];
  /** In the definitions, since the previous backup; undefined when there is none to compare with. */
  readonly changes: CatalogChanges | undefined;
  /** Undefined when the project has no migrations, or they are not looked at. */
  readonly migrationDrift: ManifestDrift | undefined;
  /** What came of Storage; undefined when it is not configured, or not asked for. */
  readonly storage: StorageManifest | undefined;
  readonly warnings: readonly string[];
  /** Archives that retention, or the clean-up after killed runs, has removed. */
  readonly removed: readonly string[];
}

/**
 * One backup of one project, from beginning to end: look at the source in one snapshot, stream the database into an archive of a
 * provisional name, read that back, give it its name; likewise the objects of Storage that the snapshot named; and let retention
 * remove what is old enough. Throws AppError; then no archive is half done, and no old one is missing.
 */
export async function backup(context: RunContext, { only }: BackupRequest = { only: undefined }): Promise<BackupReport> {
  return withAlerts(context, 'backup', () => runBackup(context, only));
}

async function runBackup(outer: RunContext, only: BackupRequest['only']): Promise<BackupReport> {
  const startedAt = outer.clock.now();
  const startedMs = outer.clock.monotonicMs();
  const backupId = formatBackupId(outer.config.project, startedAt);
  const runKinds = chooseKinds(outer, only);

  return withRun(outer, { command: 'backup', startedAt, backupId }, async (frame, context) => {
    const archives = await listKnownArchives(context);
    const storageRun = runKinds.includes('storage') ? openStorageRun(context) : undefined;
    try {
      const name = formatArchiveName(backupId, 'database');
      const database = runKinds.includes('database')
        ? await makeDatabaseArchive(context, frame, {
            backupId,
            archive: name,
            chunkerParams: chunkerParamsOf(archives),
            earlier: archives
              .map((archive) => archive.name)
              .filter((earlier) => isEarlier(earlier, context.config.project, startedAt)),
            runKinds,
            alongside: storageRun?.capture,
          })
        : await captureStorageAlone(context, storageRun!);
      const storage =
        storageRun === undefined
          ? undefined
          : await makeStorageArchive(context, frame, {
              backupId,
              runKinds,
              storageRun,
              archive: formatArchiveName(backupId, 'storage'),
            }).catch((error: unknown) => {
              throw database === undefined ? error : tellDatabaseIsSafe(error, name);
            });
      return await finish(context, { backupId, startedAt, startedMs, database, storage, runKinds });
    } finally {
      storageRun?.close();
    }
  });
}

/** Throws AppError configuration when one is asked for that is not configured. */
function chooseKinds(context: RunContext, only: ArchiveKind | undefined): readonly ArchiveKind[] {
  if (only === 'storage') requireStorage(context);
  if (only === 'database') requireDatabase(context.config);
  if (only !== undefined) return [only];
  if (context.config.database === undefined) return ['storage'];
  return context.storage === undefined ? ['database'] : ['database', 'storage'];
}

/** What is safe is part of an error. */
function tellDatabaseIsSafe(error: unknown, archive: string): unknown {
  if (!(error instanceof AppError)) return error;
  return addToMessage(error, `The database is safe in ${archive}; of Storage this run has made no archive.`);
}

interface Made {
  readonly backupId: string;
  readonly startedAt: Date;
  readonly startedMs: number;
  readonly database: DatabaseArchive | undefined;
  readonly storage: StorageArchive | undefined;
  readonly runKinds: readonly ArchiveKind[];
}

async function finish(context: RunContext, made: Made): Promise<BackupReport> {
  const { backupId, startedAt, startedMs, database, storage, runKinds } = made;
  const manifests = [database?.manifest, storage?.manifest].filter((manifest) => manifest !== undefined);
  const status = manifests.every((manifest) => manifest.status === 'complete') ? 'complete' : 'incomplete';
  const archives = [database, storage].flatMap((archive): (MadeArchive & FreshArchive)[] => {
    if (archive === undefined) return [];
    const { kind, chunkerParams } = archive.manifest;
    return [
      {
        name: formatArchiveName(backupId, kind),
        kind,
        status: archive.manifest.status,
        chunkerParams,
        sizes: archive.sizes,
        runKinds,
      },
    ];
  });
  const { removed, warnings } = await cleanUp(context, archives, status);
  context.metrics.backupMade({ archives, storage: storage?.manifest });
  const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
  return {
    status,
    backupId,
    archives: archives.map(({ name, kind, sizes }) => ({ name, kind, sizes })),
    startedAt,
    durationMs,
    coverage: manifests.flatMap(({ coverage }) => coverage),
    changes: database?.manifest.changes,
    migrationDrift: database?.manifest.migrationDrift,
    storage: storage?.manifest,
    warnings: [...manifests.flatMap((manifest) => manifest.warnings), ...(storage?.warnings ?? []), ...warnings],
    removed,
  };
}

/** Safety backups are of other databases. If the clock was set back, there are later ones. */
function isEarlier(name: string, project: string, startedAt: Date): boolean {
  const parsed = parseArchiveName(name);
  return parsed?.project === project && parsed.startedAt.getTime() < startedAt.getTime();
}

/**
 * What happens once the backup is safe: leftovers of killed runs and, after a complete backup, what retention gives up.
 * A failure here does not make the backup less good, so it becomes a warning.
 */
async function cleanUp(
  context: RunContext,
  fresh: readonly FreshArchive[],
  status: 'complete' | 'incomplete',
): Promise<{ removed: readonly string[]; warnings: string[] }> {
  enterStage(context, 'retention', 'Applying retention');
  try {
    const catalog = await readCatalog(context, fresh);
    const plan = status === 'complete' ? planPrune(context, catalog, status) : undefined;
    if (plan !== undefined && 'refused' in plan) {
      await removeArchives(context, catalog.leftovers);
      return { removed: catalog.leftovers, warnings: [`old backups were kept: ${plan.refused}`] };
    }
    const old = plan?.decisions.filter(({ action }) => action === 'remove').flatMap(({ archives }) => archives) ?? [];
    const removed = [...catalog.leftovers, ...old];
    await removeArchives(context, removed);
    return { removed, warnings: [] };
  } catch (error) {
    // A time limit that is over by now ends nothing that is still needed.
    const reason: unknown = context.signal.reason;
    if (!(reason instanceof AppError)) context.signal.throwIfAborted();
    const why = reason instanceof AppError ? reason : error;
    return { removed: [], warnings: [`old backups could not be removed: ${messageOf(why)}`] };
  }
}

import { createArchiveFromFiles } from '../archive/create-from-files.ts';
import { formatManifest } from '../archive/manifest-text.ts';
import { verifyStorageArchive } from '../archive/verify-storage.ts';
import { downloadPending, type Downloads } from '../capture/storage/download.ts';
import { writeStorageRecovery } from '../capture/storage/recovery.ts';
import { writeSidecars } from '../capture/storage/sidecars.ts';
import type { ArchiveSizes, RunContext } from '../context.ts';
import { formatPartialName, parseBackupId, type ArchiveKind } from '../domain/archive-name.ts';
import { archivePaths, type SafetyBackupOf } from '../domain/manifest.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import { bucketSidecarPath, objectsSidecarPath } from '../domain/storage/sidecar.ts';
import { messageOf } from '../errors.ts';
import type { Mirror } from '../object-store.ts';
import { buildStorageManifest } from './build-storage-manifest.ts';
import { assertRoom } from './mirror-room.ts';
import { checkObjectsRoom } from './repository-room.ts';
import type { RunFrame } from './run.ts';
import { enterStage, noteStage } from './stage.ts';
import type { ArchivedStorage } from './storage-inventory.ts';

export interface StorageArchiveRequest {
  readonly backupId: string;
  readonly archive: string;
  readonly runKinds: readonly ArchiveKind[];
  /** Its inventory was captured in the snapshot. */
  readonly storageRun: ArchivedStorage;
  /** Only for a safety backup. */
  readonly safetyBackupOf?: SafetyBackupOf;
}

export interface StorageArchive {
  readonly manifest: StorageManifest;
  readonly sizes: ArchiveSizes;
  /** What went wrong once the archive was there. */
  readonly warnings: readonly string[];
}

/**
 * Brings what the mirror lacks, archives what the inventory names, and reads the sidecars back. Only then the mirror forgets what is
 * in no inventory any more. Throws AppError; then there is no storage archive of that name, and the mirror keeps what was finished.
 */
export async function makeStorageArchive(
  context: RunContext,
  frame: RunFrame,
  request: StorageArchiveRequest,
): Promise<StorageArchive> {
  const { archive, storageRun } = request;
  const { mirror, storage } = storageRun;
  const { concurrency, maxEgressBytes } = context.config.storage!;
  enterStage(context, 'download', 'Downloading objects');
  const touched = await mirror.rereadTouched(context.signal);
  tellOfDamage(context, touched);
  await assertRoom(context, mirror);
  const roomWarnings = await checkObjectsRoom(context, mirror.summary().pendingBytes);
  const downloads = await downloadPending(context, {
    store: storage.store,
    mirror,
    concurrency,
    maxBytes: maxEgressBytes,
    describesEach: storageRun.listedBy === 'api',
  });
  noteStage(context, { bytes: downloads.bytes });

  enterStage(context, 'storage', 'Archiving objects', { archive });
  const text = writeStorageRecovery({ archive, repository: context.repository.location });
  const recovery = { path: archivePaths.recovery, ...(await mirror.writeText(archivePaths.recovery, [text])) };
  const parts = [recovery, ...(await writeSidecars(mirror))];
  const manifest = await writeManifest(context, frame, { ...request, downloads, parts });
  const partial = formatPartialName(archive);
  const sizes = await createArchiveFromFiles(context, {
    name: partial,
    directory: mirror.directory,
    paths: archivedPaths(mirror),
    // Not by the configuration, which of a safety backup is that of the target.
    filesCache: `storage-${parseBackupId(request.backupId)!.project}`,
  });
  noteStage(context, { bytes: sizes.originalBytes });
  enterStage(context, 'verify', 'Reading the archive back', { archive });
  await verifyStorageArchive(context, partial);
  enterStage(context, 'rename', 'Giving the archive its name', { archive });
  await context.repository.rename(partial, archive);
  return { manifest, sizes, warnings: [...roomWarnings, ...(await tidyMirror(context, mirror, manifest))] };
}

/** What was damaged comes anew, so this is no warning of the backup: only of the disk. */
function tellOfDamage(
  { log }: RunContext,
  { files, damagedFiles, damaged }: Awaited<ReturnType<Mirror['rereadTouched']>>,
): void {
  if (files > 0) log.info({ files, damaged: damagedFiles }, 'files of the mirror were touched, and read again');
  for (const object of damaged)
    log.warn({ object }, 'a file of the mirror has other bytes than were downloaded: it comes anew');
}

/** Lets the mirror forget what is in no inventory any more. A failure makes the archive no worse, so it becomes a warning. */
async function tidyMirror(context: RunContext, mirror: Mirror, { totals }: StorageManifest): Promise<string[]> {
  // A listing that came out empty is no reason to give up what can hardly be had again.
  if (totals.objects === 0) return [];
  try {
    await mirror.removeOthers();
    return [];
  } catch (error) {
    context.signal.throwIfAborted();
    return [`objects that are gone stay in the mirror: ${messageOf(error)}`];
  }
}

interface ManifestRequest extends StorageArchiveRequest {
  readonly downloads: Downloads;
  readonly parts: StorageManifest['parts'];
}

async function writeManifest(context: RunContext, frame: RunFrame, request: ManifestRequest): Promise<StorageManifest> {
  const tools = { borg: await context.repository.version(), node: process.version };
  const manifest = buildStorageManifest(context, frame, { ...request, tools });
  await request.storageRun.mirror.writeText(archivePaths.manifest, [formatManifest(manifest)]);
  return manifest;
}

/** The manifest last: its presence completes the archive. */
function* archivedPaths(mirror: Mirror): Iterable<string> {
  yield archivePaths.recovery;
  for (const { id } of mirror.buckets()) {
    yield bucketSidecarPath(id);
    yield objectsSidecarPath(id);
    for (const { path } of mirror.mirrored(id)) yield path;
  }
  yield archivePaths.manifest;
}

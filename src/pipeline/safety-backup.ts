import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import { formatArchiveName, formatBackupId, safetyProjectOf, type ArchiveKind } from '../domain/archive-name.ts';
import type { Coverage } from '../domain/coverage.ts';
import type { Manifest, SafetyBackupOf } from '../domain/manifest.ts';
import { countLost, type StorageManifest } from '../domain/storage/manifest.ts';
import { AppError, messageOf } from '../errors.ts';
import { hasObjects, type Endangered } from './endangered-objects.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { chunkerParamsOf, listKnownArchives } from './known-archives.ts';
import { makeDatabaseArchive } from './make-archive.ts';
import type { RunFrame } from './run.ts';
import { makeStorageArchive } from './storage-archive.ts';

export interface SafetyBackupRequest {
  readonly target: TargetConfig;
  /** The id of the backup that is about to be restored. */
  readonly restoring: string;
  /** What will go of the target's Storage; undefined where that is left alone. */
  readonly endangered?: Endangered | undefined;
}

export interface SafetyBackup {
  readonly backupId: string;
  /** The names of its archives. */
  readonly archives: readonly string[];
  /** Incomplete when not all that it is for could be read. */
  readonly status: 'complete' | 'incomplete';
  readonly coverage: readonly Coverage[];
  /** Sentences that name the safety backup: what of the target is not in it. */
  readonly warnings: readonly string[];
}

/**
 * Backs up the target of a restore as it is now, into the repository of the backed-up project, whose run this is: all of the database, and of
 * Storage the objects that will go. Made of archives and named as backups are, so it is listed, shown, verified, compared and restored
 * like one; domain/archive-name tells it apart. Writes nothing to the target. Throws AppError, which says so.
 */
export async function backupTarget(
  context: RunContext,
  frame: RunFrame,
  { endangered, ...request }: SafetyBackupRequest,
): Promise<SafetyBackup> {
  return makeSafetyBackup(context, frame, { ...request, endangered: hasObjects(endangered) ? endangered : undefined }, true);
}

/** The same of Storage alone. Undefined when nothing of it will go. */
export async function backupEndangered(
  context: RunContext,
  frame: RunFrame,
  request: SafetyBackupRequest & { readonly endangered: Endangered },
): Promise<SafetyBackup | undefined> {
  return hasObjects(request.endangered) ? makeSafetyBackup(context, frame, request, false) : undefined;
}

/** Throws AppError target_refused where what a restore is about to take away is not in the safety backup. */
export function assertSaved({ status, warnings }: SafetyBackup): void {
  if (status === 'complete') return;
  throw new AppError(
    'target_refused',
    `What is on the target would be replaced, and ${warnings.join('; ')}. Nothing was touched.`,
    {
      hint: 'Give the role and the key of the target the rights to read all of it, or do without a backup of what is there: --no-safety-backup.',
    },
  );
}

interface SafetyRun {
  readonly target: TargetConfig;
  readonly backupId: string;
  readonly runKinds: readonly ArchiveKind[];
  readonly safetyBackupOf: SafetyBackupOf;
}

async function makeSafetyBackup(
  context: RunContext,
  frame: RunFrame,
  { target, restoring, endangered }: SafetyBackupRequest,
  withDatabase: boolean,
): Promise<SafetyBackup> {
  const startedAt = context.clock.now();
  const runKinds: ArchiveKind[] = [
    ...(withDatabase ? (['database'] as const) : []),
    ...(endangered === undefined ? [] : (['storage'] as const)),
  ];
  const run: SafetyRun = {
    target,
    runKinds,
    backupId: formatBackupId(safetyProjectOf(context.config.project), startedAt),
    safetyBackupOf: { project: target.project, database: requireTargetDatabase(target).database, restoredBackup: restoring },
  };
  try {
    const ownFrame = { ...frame, startedAt };
    const database = withDatabase ? await archiveTarget(context, ownFrame, run) : undefined;
    const storage = endangered === undefined ? undefined : await archiveObjects(context, ownFrame, run, endangered);
    const saved = summarize(run, database, storage);
    const { archives, status } = saved;
    context.log.info({ stage: 'safety backup', archives, status }, 'target backed up');
    return saved;
  } catch (error) {
    context.signal.throwIfAborted();
    throw safetyError(target.project, error);
  }
}

function summarize(
  { backupId, runKinds }: SafetyRun,
  database: Manifest | undefined,
  storage: StorageManifest | undefined,
): SafetyBackup {
  const manifests = [database, storage].filter((manifest) => manifest !== undefined);
  // Of an object whose bytes are nowhere nothing can be kept.
  const isSaved = storage === undefined || storage.missing.count === countLost(storage);
  return {
    backupId,
    archives: runKinds.map((kind) => formatArchiveName(backupId, kind)),
    status: database?.status === 'incomplete' || !isSaved ? 'incomplete' : 'complete',
    coverage: manifests.flatMap(({ coverage }) => coverage),
    warnings: manifests
      .flatMap((manifest) => manifest.warnings)
      .map((warning) => `not all of the target is in the safety backup ${backupId}: ${warning}`),
  };
}

async function archiveTarget(context: RunContext, frame: RunFrame, { target, ...run }: SafetyRun): Promise<Manifest> {
  const { project, database } = target;
  // Whether the target is what its migrations make is nobody's question now, and the answer takes a scratch server.
  const config = { ...context.config, project, database, migrationDrift: 'off' } as const;
  const { manifest } = await makeDatabaseArchive({ ...context, config }, frame, {
    ...run,
    archive: formatArchiveName(run.backupId, 'database'),
    chunkerParams: chunkerParamsOf(await listKnownArchives(context)),
    earlier: [],
  });
  return manifest;
}

/** How many objects come at once from a target. */
const concurrency = 16;

async function archiveObjects(
  context: RunContext,
  frame: RunFrame,
  { target, ...run }: SafetyRun,
  { mirror }: Endangered,
): Promise<StorageManifest> {
  const { project, database } = target;
  const connection = { ...target.storage!, concurrency };
  const storage = { ...connection, buckets: [], exclude: [], maxEgressBytes: undefined };
  const store = context.openObjectStore(connection);
  try {
    const { manifest } = await makeStorageArchive(
      { ...context, config: { ...context.config, project, database, storage } },
      frame,
      {
        ...run,
        archive: formatArchiveName(run.backupId, 'storage'),
        storageRun: {
          storage: { store },
          listedBy: 'database',
          mirror,
          outcome: { state: 'captured', leftOut: { buckets: [], objects: new Map(), idlePatterns: [] } },
        },
      },
    );
    return manifest;
  } finally {
    await store.close();
  }
}

function safetyError(project: string, cause: unknown): AppError {
  const known = cause instanceof AppError ? cause : undefined;
  const code = known?.code === 'source_unreachable' ? 'target_unreachable' : (known?.code ?? 'failed');
  return new AppError(
    code,
    `The target ${project} could not be backed up before the restore, so nothing was restored, and nothing on it was touched. ${messageOf(cause)}`,
    {
      hint: `${known?.hint ?? 'This is a defect of the agent: please report it.'} What is on the target may be lost for good if you go on without that: --no-safety-backup.`,
      cause,
      retryable: known?.retryable ?? false,
    },
  );
}

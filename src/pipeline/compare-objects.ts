import { ObjectComparing } from '../apply/storage/compare-objects.ts';
import { readBuckets, readSidecar } from '../archive/storage-contents.ts';
import { readStorageManifest } from '../archive/verify.ts';
import type { StorageConnection, TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import { hasAllObjects, type ObjectComparison } from '../domain/storage/object-comparison.ts';
import { StorageError } from '../domain/storage/storage-error.ts';
import { AppError } from '../errors.ts';
import type { ObjectStore } from '../object-store.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { findStorageArchive } from './find-archive.ts';
import { enterStage } from './stage.ts';
import { requireTargetStorage } from './target-storage.ts';

export interface CompareObjectsReport {
  readonly status: 'equal' | 'different';
  readonly backupId: string;
  readonly archive: string;
  readonly target: { readonly project: string; readonly url: string };
  readonly durationMs: number;
  readonly objects: ComparedObjects;
}

export interface ComparedObjects extends ObjectComparison {
  /** The name of the storage archive. */
  readonly archive: string;
  /** Of how many percent of the objects the bytes were to be read. */
  readonly sample: number;
}

export interface CompareObjectsRequest {
  /** `latest`, a backup id, or a unique beginning of one. */
  readonly backup: string;
  readonly target: TargetConfig;
  /** Of how many percent of the objects the bytes are read. */
  readonly sample: number;
}

/** How many objects come at once from a target. */
const concurrency = 16;

/** Compares the objects of a target's Storage with a backup, and nothing else; writes nothing anywhere. Throws AppError. */
export async function compareObjects(context: RunContext, request: CompareObjectsRequest): Promise<CompareObjectsReport> {
  const startedMs = context.clock.monotonicMs();
  const { target, sample } = request;
  const { url } = requireTargetStorage(target);
  requireTargetDatabase(target);
  const { backupId, archive } = await findStorageArchive(context, request.backup);
  const objects = await compareStorage(context, archive.name, { target, sample });
  return {
    status: hasAllObjects(objects) ? 'equal' : 'different',
    backupId,
    archive: archive.name,
    target: { project: target.project, url },
    durationMs: Math.round(context.clock.monotonicMs() - startedMs),
    objects,
  };
}

/**
 * Compares all objects of a storage archive, bytes among it, with a target whose Storage is configured. Of the archive the sidecars alone
 * are read, those of one bucket at a time, and Borg does not wait for the downloads. Throws AppError: target_unreachable.
 */
export async function compareStorage(
  context: RunContext,
  archive: string,
  { target, sample }: Pick<CompareObjectsRequest, 'target' | 'sample'>,
): Promise<ComparedObjects> {
  enterStage(context, 'objects', 'Comparing objects of Storage');
  const manifest = await readStorageManifest(context, archive);
  const buckets = await readBuckets(context, archive, { manifest });
  const connection = requireTargetStorage(target);
  const store = context.openObjectStore({ ...connection, concurrency });
  try {
    await assertReachable(context, store, connection);
    const session = await context.databases.connect(requireTargetDatabase(target));
    try {
      const comparing = new ObjectComparing(context, { session, reading: { store, concurrency, sample } });
      for (const { id } of buckets) {
        await comparing.compareBucket(id, await readSidecar(context, archive, id), true);
      }
      await comparing.compareSettings(buckets, true);
      return { archive, sample, ...comparing.outcome };
    } finally {
      await session.close();
    }
  } finally {
    await store.close();
  }
}

/** With a server that is down, or a wrong key, nothing could be compared, and nothing be said to differ. */
async function assertReachable(context: RunContext, store: ObjectStore, { url }: StorageConnection): Promise<void> {
  try {
    await store.listBuckets();
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof StorageError)) throw error;
    throw new AppError('target_unreachable', `The Storage ${url} does not answer as it should: ${error.message}`, {
      hint: 'Check URL and key of the target in its env file (SUPABASE_SERVICE_ROLE_KEY, TEST_SUPABASE_SERVICE_ROLE_KEY).',
      cause: error,
      retryable: error.failure === 'transient',
    });
  }
}

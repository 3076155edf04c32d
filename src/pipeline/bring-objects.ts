import { checked } from '../archive/checked-bytes.ts';
import { readBuckets, readObjects } from '../archive/storage-contents.ts';
import { readStorageManifest } from '../archive/verify.ts';
import { listLifted, openBuckets, type OpenedBuckets } from '../apply/storage/buckets.ts';
import { cleanBucket, type Cleaned } from '../apply/storage/clean-objects.ts';
import { ObjectComparing } from '../apply/storage/compare-objects.ts';
import { findOtherBuckets, restoreColumns } from '../apply/storage/target-rows.ts';
import { ObjectUploads, type Uploads } from '../apply/storage/upload-objects.ts';
import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import type { ObjectComparison } from '../domain/storage/object-comparison.ts';
import type { SidecarObject } from '../domain/storage/sidecar.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import { selectsBucket, touchesBucket, type ObjectSelection } from '../domain/storage/object-selection.ts';
import { StorageError } from '../domain/storage/storage-error.ts';
import { addToMessage, AppError } from '../errors.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { enterStage } from './stage.ts';

export interface ObjectsRequest {
  /** The name of the storage archive. */
  readonly archive: string;
  readonly target: TargetConfig;
  readonly selection: ObjectSelection;
  /** Whether objects of the target that the backup does not hold go, where `mayClean` says so. */
  readonly clean: boolean;
  /** Of the run. */
  readonly directory: string;
}

export interface BroughtObjects extends Uploads, Cleaned {
  readonly archive: string;
  readonly createdBuckets: readonly string[];
  /** What the rows of the target say afterwards; nothing is downloaded for it. */
  readonly comparison: ObjectComparison;
  /** What is not as in the backup by then, and neither `refused` nor `deviations` has named: why the restore counts as failed. */
  readonly unexplained: readonly string[];
}

/** How a restore of objects ended: complete when every object came back as it was. */
export function judgeObjects({ refused, deviations, unexplained }: BroughtObjects): RunStatus {
  if (unexplained.length > 0) return 'failed';
  return refused.length + deviations.length > 0 ? 'incomplete' : 'complete';
}

/** How many objects go at once into a target. */
const concurrency = 16;

/** What would be written: of whole buckets, as the manifest counts them. `url` is that of the target's Storage, if it has one. */
export async function planObjects(
  context: RunContext,
  { archive, selection, url }: Pick<ObjectsRequest, 'archive' | 'selection'> & { readonly url: string | undefined },
): Promise<{ manifest: StorageManifest; steps: string[] }> {
  const manifest = await readStorageManifest(context, archive);
  const buckets = manifest.buckets.filter(({ id }) => touchesBucket(selection, id));
  const whole = buckets.filter(({ id }) => selectsBucket(selection, id));
  const objects = whole.reduce((sum, bucket) => sum + bucket.objects, 0);
  const bytes = whole.reduce((sum, bucket) => sum + bucket.bytes, 0);
  const parts = buckets.length - whole.length;
  const lifted = url === undefined ? [] : listLifted({ store: { url }, state: context.state }).map(({ bucket }) => bucket);
  return {
    manifest,
    steps: [
      `write ${objects.toLocaleString('en-US')} objects of Storage with ${bytes.toLocaleString('en-US')} bytes into ${whole.length} buckets, over those of the same names that differ`,
      ...(parts === 0 ? [] : [`write what was asked for into ${parts} more buckets`]),
      ...lifted.map((bucket) => `put back the limits of bucket ${bucket}, which an interrupted restore has lifted`),
    ],
  };
}

/**
 * Streams objects out of the repository into the Storage of a target: nothing is staged on a disk. What is there already, as it was, is
 * passed over, so that an interrupted restore goes on where it ended. Throws AppError; its message says what is on the target.
 */
export async function bringObjects(context: RunContext, request: ObjectsRequest): Promise<BroughtObjects> {
  const { archive, target, selection } = request;
  enterStage(context, 'objects', 'Restoring objects of Storage');
  const manifest = await readStorageManifest(context, archive);
  const buckets = await readBuckets(context, archive, { manifest, selection });
  const store = context.openObjectStore({ ...target.storage!, concurrency });
  const session = await context.databases.connect(requireTargetDatabase(target));
  try {
    const wanted = buckets.map((bucket) => ({ ...bucket, whole: selectsBucket(selection, bucket.id) }));
    const opened = await openBuckets({ store, session, state: context.state }, wanted);
    const comparing = new ObjectComparing(context, { session, reading: undefined });
    const cleaned: Cleaned[] = [];
    const clean = async (bucket: string, objects: AsyncIterable<SidecarObject> | readonly never[]): Promise<void> => {
      const names: string[] = [];
      for await (const { name } of objects) names.push(name);
      cleaned.push(await cleanBucket({ store, session, manifest, selection }, bucket, names));
    };
    const uploads = new ObjectUploads(context, { store, session, concurrency });
    try {
      for (const { id, whole } of wanted) {
        const objects = await bringBucket(context, { ...request, bucket: id, uploads });
        if (request.clean && whole) await clean(id, objects);
        await comparing.compareBucket(id, objects, whole);
      }
    } catch (error) {
      await uploads.settle();
      throw await closeAfter(context, error, opened);
    }
    const stillOpen = await opened.close();
    const outcome = { ...uploads.outcome, deviations: [...uploads.outcome.deviations, ...stillOpen] };
    const all = selection.buckets === undefined;
    if (request.clean && all) {
      for (const id of await findOtherBuckets(session, buckets)) await clean(id, []);
    }
    const whole = wanted.filter((bucket) => bucket.whole);
    await restoreColumns(
      session,
      'buckets',
      whole.map(({ row }) => row),
    );
    await comparing.compareSettings(whole, all);
    const comparison = comparing.outcome;
    return {
      archive,
      createdBuckets: opened.created,
      removed: cleaned.reduce((sum, { removed }) => sum + removed, 0),
      notCleaned: cleaned.flatMap(({ notCleaned }) => notCleaned),
      ...outcome,
      comparison,
      unexplained: listUnexplained(comparison, outcome),
    };
  } catch (error) {
    if (error instanceof AppError) throw error;
    context.signal.throwIfAborted();
    throw error instanceof StorageError ? endedError(error, []) : error;
  } finally {
    await session.close();
    await store.close();
  }
}

/** Closes the buckets after a failure, and makes an error that tells what is on the target, and what could not be closed. */
async function closeAfter({ signal }: RunContext, error: unknown, opened: OpenedBuckets): Promise<unknown> {
  const stillOpen = await opened.close();
  if (signal.aborted) {
    return new AppError('interrupted', ['Interrupted.', written, ...stillOpen].join(' '), {
      hint: 'Start the same restore again: it goes on where this one ended.',
      cause: error,
    });
  }
  if (error instanceof StorageError) return endedError(error, stillOpen);
  return error instanceof AppError ? addToMessage(error, written, ...stillOpen) : error;
}

const written = 'What was written before stays on the target.';

function endedError(error: StorageError, stillOpen: readonly string[]): AppError {
  const mend =
    error.failure === 'refused'
      ? "Put a key that is valid into SUPABASE_SERVICE_ROLE_KEY of the target's env file (TEST_SUPABASE_SERVICE_ROLE_KEY of the TEST_ block)"
      : 'Mend what the message names';
  const message = [`The restore of objects ended: ${error.message}`, written, ...stillOpen].join(' ');
  return new AppError('restore_failed', message, {
    hint: `${mend}, then start the same restore again: it goes on where this one ended.`,
    cause: error,
    retryable: error.failure === 'transient',
  });
}

/** `object docs/a.txt: content type`, `bucket docs: public`. */
function listUnexplained({ differences, buckets }: ObjectComparison, { refused, deviations }: Uploads): string[] {
  const failing = differences.filter(({ kind }) => kind !== 'extra');
  const named = new Set(refused.map(({ bucket, name }) => `${bucket}/${name}`));
  const isNamed = (object: string): boolean =>
    named.has(object) || deviations.some((deviation) => deviation.startsWith(`${object}: `));
  return [
    ...failing
      .filter(({ bucket, name }) => !isNamed(`${bucket}/${name}`))
      .map(({ bucket, name, kind, what }) => `object ${bucket}/${name}: ${what.join(', ') || kind}`),
    ...buckets
      .filter(({ kind }) => kind !== 'extra')
      .map(({ bucket, kind, what }) => `bucket ${bucket}: ${what.join(', ') || kind}`),
  ];
}

interface BucketWork extends ObjectsRequest {
  readonly bucket: string;
  readonly uploads: ObjectUploads;
}

/** Answers which objects were asked for. */
async function bringBucket(
  context: RunContext,
  { uploads, bucket, ...request }: BucketWork,
): Promise<AsyncIterable<SidecarObject>> {
  const equal = new Set<string>();
  const objects = await readObjects(
    context,
    { ...request, bucket },
    {
      async begin(next) {
        for (const name of await uploads.findEqual(bucket, next)) equal.add(name);
      },
      async add(object, bytes) {
        if (!equal.delete(object.name)) return uploads.add(bucket, object, checked(request.archive, object, bytes));
        uploads.noteEqual();
        for await (const chunk of bytes) void chunk;
      },
    },
  );
  await uploads.finish();
  return objects;
}

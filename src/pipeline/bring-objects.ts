import { readBuckets, readObjects } from '../archive/storage-contents.ts';
import { readStorageManifest } from '../archive/verify.ts';
import { openBuckets } from '../apply/storage/buckets.ts';
import { ObjectComparing } from '../apply/storage/compare-objects.ts';
import { findOtherObjects, restoreColumns } from '../apply/storage/target-rows.ts';
import { ObjectUploads, type Uploads } from '../apply/storage/upload-objects.ts';
import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext, Session } from '../context.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import type { ObjectComparison } from '../domain/storage/object-comparison.ts';
import type { SidecarObject } from '../domain/storage/sidecar.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import { selectsBucket, touchesBucket, type ObjectSelection } from '../domain/storage/selection.ts';
import { StorageError } from '../domain/storage/storage-error.ts';
import { AppError } from '../errors.ts';
import type { ObjectStore } from '../object-store.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { enterStage } from './stage.ts';

export interface ObjectsRequest {
  /** The name of the storage archive. */
  readonly archive: string;
  readonly target: TargetConfig;
  readonly selection: ObjectSelection;
  /** Whether objects of the target that the backup does not hold go, in buckets of which all is asked for. */
  readonly clean: boolean;
}

export interface BroughtObjects extends Uploads {
  readonly archive: string;
  readonly createdBuckets: readonly string[];
  /** Objects that `clean` has removed. */
  readonly removed: number;
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
const removedAtOnce = 500;

/** What would be written: of whole buckets, as the manifest counts them. */
export async function planObjects(
  context: RunContext,
  { archive, selection }: Pick<ObjectsRequest, 'archive' | 'selection'>,
): Promise<{ manifest: StorageManifest; steps: string[] }> {
  const manifest = await readStorageManifest(context, archive);
  const buckets = manifest.buckets.filter(({ id }) => touchesBucket(selection, id));
  const whole = buckets.filter(({ id }) => selectsBucket(selection, id));
  const objects = whole.reduce((sum, bucket) => sum + bucket.objects, 0);
  const bytes = whole.reduce((sum, bucket) => sum + bucket.bytes, 0);
  const parts = buckets.length - whole.length;
  return {
    manifest,
    steps: [
      `write ${objects.toLocaleString('en-US')} objects of Storage with ${bytes.toLocaleString('en-US')} bytes into ${whole.length} buckets, over those of the same names that differ`,
      ...(parts === 0 ? [] : [`write what was asked for into ${parts} more buckets`]),
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
    const opened = await openBuckets(store, wanted);
    const comparing = new ObjectComparing(context, { session, reading: undefined });
    let removed = 0;
    let outcome: Uploads;
    try {
      const uploads = new ObjectUploads(context, { store, session, concurrency });
      for (const { id, whole } of wanted) {
        removed += await bringBucket(context, {
          ...request,
          bucket: id,
          whole,
          uploads,
          comparing,
          store,
          session,
          clean: request.clean && whole,
        });
      }
      outcome = uploads.outcome;
    } finally {
      await opened.close();
    }
    const whole = wanted.filter((bucket) => bucket.whole);
    await restoreColumns(
      session,
      'buckets',
      whole.map(({ row }) => row),
    );
    await comparing.compareSettings(whole);
    const comparison = comparing.outcome;
    return {
      archive,
      createdBuckets: opened.created,
      removed,
      ...outcome,
      comparison,
      unexplained: listUnexplained(comparison, outcome),
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof StorageError)) throw error;
    throw new AppError(
      'restore_failed',
      `The restore of objects ended: ${error.message} What was written before stays on the target.`,
      {
        hint: 'Mend what the message names, then start the same restore again: it goes on where this one ended.',
        cause: error,
        retryable: error.failure === 'transient',
      },
    );
  } finally {
    await session.close();
    await store.close();
  }
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
    ...buckets.map(({ bucket, kind, what }) => `bucket ${bucket}: ${what.join(', ') || kind}`),
  ];
}

interface BucketWork extends ObjectsRequest {
  readonly bucket: string;
  /** Whether all of it was asked for. */
  readonly whole: boolean;
  readonly comparing: ObjectComparing;
  readonly uploads: ObjectUploads;
  readonly store: ObjectStore;
  readonly session: Session;
}

/** Brings it, and compares it with what is there then. Answers how many other objects were removed. */
async function bringBucket(context: RunContext, work: BucketWork): Promise<number> {
  const { archive, bucket, selection, uploads, comparing, store, session, clean, whole } = work;
  let wanted: readonly SidecarObject[] = [];
  let equal: ReadonlySet<string> = new Set();
  let others: string[] = [];
  await readObjects(
    context,
    { archive, bucket, selection },
    {
      async begin(_, objects) {
        wanted = objects;
        equal = await uploads.findEqual(bucket, objects);
        if (clean)
          others = await findOtherObjects(
            session,
            bucket,
            objects.map(({ name }) => name),
          );
      },
      async add(_, object, bytes) {
        if (!equal.has(object.name)) return uploads.add(bucket, object, bytes);
        uploads.noteEqual();
        for await (const chunk of bytes) void chunk;
      },
    },
  );
  await uploads.finish();
  for (let start = 0; start < others.length; start += removedAtOnce) {
    await store.remove(bucket, others.slice(start, start + removedAtOnce));
  }
  await comparing.compareBucket(bucket, wanted, whole);
  return others.length;
}

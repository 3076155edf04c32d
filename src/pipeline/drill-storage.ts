import { sessionBrokenByMachine } from '../apply/drill/broken-by-machine.ts';
import { ObjectComparing } from '../apply/storage/compare-objects.ts';
import { isSampled } from '../apply/storage/sampled.ts';
import { copyObjects, readSidecars, type ExtractedObject, type StorageSource } from '../archive/extract-objects.ts';
import { readBuckets } from '../archive/storage-contents.ts';
import { verifyStorageArchive } from '../archive/verify-storage.ts';
import type { ConnectionConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import { inBatches } from '../domain/batches.ts';
import { concludeCheck, type DrillCheck } from '../domain/drill/check.ts';
import { judgeObjects, judgeStorageRows } from '../domain/drill/judge-storage.ts';
import { isReadAtOnce, sampledAtOnce } from '../domain/drill/sample-cost.ts';
import { objectPath } from '../domain/storage/object-path.ts';
import { objectsSidecarPath } from '../domain/storage/sidecar.ts';
import { sqlStateOf } from '../domain/sql-state.ts';
import { type AppError, messageOf } from '../errors.ts';
import { enterStage } from './stage.ts';

/** Reads what a storage archive says of itself, and proves that this is what was written. Throws AppError verification_failed. */
export async function openStorageSource(context: RunContext, archive: string): Promise<StorageSource> {
  enterStage(context, 'verify', 'Checking the archive of Storage', { archive });
  return { archive, manifest: await verifyStorageArchive(context, archive) };
}

/** However much is damaged, a report stays small. */
const namedAtMost = 1000;

export interface DrilledObjects {
  readonly check: DrillCheck;
  /** How long it takes to read all of them, by the bytes of those that were read; undefined where none was. */
  readonly wholeMs: number | undefined;
}

/** Reads the bytes of so many percent of the objects, each beside its sidecar. Keeps none. */
export async function drillObjects(context: RunContext, source: StorageSource, sample: number): Promise<DrilledObjects> {
  const startedMs = context.clock.monotonicMs();
  enterStage(context, 'objects', 'Reading objects of Storage', { archive: source.archive });
  const found = { named: 0, good: 0, bytes: 0, sample, damaged: [] as string[] };
  let more = 0;
  const read = (request: Pick<Parameters<typeof copyObjects>[1], 'paths' | 'choose'>): Promise<void> =>
    copyObjects(context, {
      ...request,
      source,
      output: { write: (_object, content) => drain(content) },
      onCopied: () => void (found.good += 1),
      onBytes: (bytes) => context.progress.bytes((found.bytes += bytes)),
      onDamaged({ bucket, name }, reason) {
        if (found.damaged.length < namedAtMost) found.damaged.push(`${bucket}/${name}: ${reason}`);
        else more += 1;
      },
    });
  const buckets = source.manifest.buckets.map(({ id }) => id);
  const isWanted = (name: string): boolean => isSampled(name, sample);
  const filled = source.manifest.buckets.filter(({ objects }) => objects > 0);
  const isAtOnce = filled.length > 0 && isReadAtOnce(source.manifest.totals, { sample, buckets: filled.length });
  if (isAtOnce) {
    const isCounted = (name: string): boolean => ((found.named += 1), isWanted(name));
    await read({ paths: ['storage'], choose: (bucket, objects) => choose(bucket, objects, isCounted) });
  } else {
    const wanted: { readonly bucket: string; readonly name: string }[] = [];
    await readSidecars(context, source, buckets, async (bucket, objects) => {
      for await (const { name } of objects) {
        found.named += 1;
        if (isWanted(name)) wanted.push({ bucket, name });
      }
    });
    for (const bucket of buckets) {
      for await (const batch of inBatches(
        wanted.filter((object) => object.bucket === bucket),
        sampledAtOnce,
      )) {
        const names = new Set(batch.map(({ name }) => name));
        const paths = [objectsSidecarPath(bucket), ...batch.map(({ name }) => objectPath(bucket, name))];
        await read({ paths, choose: (id, objects) => choose(id, objects, (name) => names.has(name)) });
      }
    }
  }
  if (more > 0) found.damaged.push(`and ${more} more`);
  const ms = context.clock.monotonicMs() - startedMs;
  return {
    check: concludeCheck('storage objects', judgeObjects(source.manifest, found)),
    wholeMs:
      found.bytes === 0 ? undefined : Math.round(isAtOnce ? ms : ms * Math.max(1, source.manifest.totals.bytes / found.bytes)),
  };
}

async function choose(
  bucket: string,
  objects: Parameters<Parameters<typeof copyObjects>[1]['choose']>[1],
  isWanted: (name: string) => boolean,
): Promise<ExtractedObject[]> {
  const chosen: ExtractedObject[] = [];
  for await (const { name, size, sha256 } of objects) {
    if (isWanted(name)) chosen.push({ bucket, name, size, sha256, target: name, modified: undefined });
  }
  return chosen;
}

async function drain(content: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of content) void chunk;
}

/** Compares the rows of a restored database with the sidecars of the archive: no object without a row, and no row without an object. */
export async function drillStorageRows(
  context: RunContext,
  connection: ConnectionConfig,
  source: StorageSource,
): Promise<DrillCheck> {
  enterStage(context, 'compare', 'Comparing rows with objects of Storage');
  const { archive, manifest } = source;
  const session = await context.databases.connect(connection);
  try {
    const comparing = new ObjectComparing(context, { session, reading: undefined });
    const ids = manifest.buckets.map(({ id }) => id);
    await readSidecars(context, source, ids, (bucket, objects) => comparing.compareBucket(bucket, objects, true));
    await comparing.compareSettings(await readBuckets(context, archive, { manifest }), true);
    return concludeCheck('storage rows', judgeStorageRows(manifest, comparing.outcome));
  } catch (error) {
    // Such as a database without storage.objects.
    if (context.signal.aborted || sqlStateOf(error) === undefined || sessionBrokenByMachine(error) !== undefined) throw error;
    return concludeCheck('storage rows', {
      detail: 'not looked at',
      failed: [],
      notChecked: [messageOf((error as AppError).cause)],
    });
  } finally {
    await session.close();
  }
}

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { RunContext } from '../context.ts';
import { inBatches } from '../domain/batches.ts';
import { parseObjectPath } from '../domain/storage/object-path.ts';
import type { InventoryBucket } from '../domain/storage/inventory.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import {
  allObjects,
  archivedPathsOf,
  matchObject,
  filterSelected,
  touchesBucket,
  type ObjectSelection,
} from '../domain/storage/object-selection.ts';
import { bucketSidecarPath, objectsSidecarPath, parseBucketSidecar, type SidecarObject } from '../domain/storage/sidecar.ts';
import { messageOf } from '../errors.ts';
import { readExport, type ExportedFile } from './read-export.ts';
import { assertPlaced, readObjectLines } from './read-sidecar.ts';
import { verificationError } from './verification-error.ts';

/** The settings of the buckets of a storage archive that a selection touches. Throws AppError verification_failed. */
export async function readBuckets(
  context: RunContext,
  archive: string,
  { manifest, selection = allObjects }: { readonly manifest: StorageManifest; readonly selection?: ObjectSelection },
): Promise<InventoryBucket[]> {
  const ids = manifest.buckets.map(({ id }) => id).filter((id) => touchesBucket(selection, id));
  if (ids.length === 0) return [];
  return readExport(context, { archive, paths: ids.map(bucketSidecarPath) }, async (entries) => {
    const buckets: InventoryBucket[] = [];
    for await (const entry of entries) {
      const text = await readText(archive, entry);
      try {
        buckets.push(parseBucketSidecar(text));
      } catch (error) {
        throw verificationError(archive, messageOf(error));
      }
    }
    return buckets;
  });
}

/** What the sidecar of a bucket tells of all its objects, without their bytes. Throws AppError verification_failed. */
export async function readSidecar(context: RunContext, archive: string, bucket: string): Promise<SidecarObject[]> {
  const path = objectsSidecarPath(bucket);
  const objects = await readExport(context, { archive, paths: [path] }, async (entries) => {
    let found: SidecarObject[] | undefined;
    for await (const entry of entries) {
      found = [];
      for await (const object of readObjectLines(archive, entry)) found.push(object);
    }
    return found;
  });
  if (objects === undefined) throw verificationError(archive, `it lacks ${path}`);
  return objects;
}

/** What is done with the objects of a bucket, in the order of their names. */
export interface ObjectWork {
  /** Told before the bytes of these come, which are the next ones. */
  begin(objects: readonly SidecarObject[]): Promise<void>;
  /** Reads the bytes to their end. */
  add(object: SidecarObject, bytes: AsyncIterable<Buffer>): Promise<void>;
}

export interface ReadObjectsRequest {
  readonly archive: string;
  readonly bucket: string;
  readonly selection: ObjectSelection;
  /** Of the run: the sidecar is kept in it, so that memory does not grow with the bucket. */
  readonly directory: string;
}

/** Objects of a sidecar that are told of together. */
const batchSize = 500;

/**
 * Hands over the selected objects of one bucket as Borg reads them, all of them once. Answers what the sidecar says of them, as often as
 * that is asked for while the run lasts. Throws AppError verification_failed when one that the sidecar names is not there.
 */
export async function readObjects(
  context: RunContext,
  { archive, bucket, selection, directory }: ReadObjectsRequest,
  work: ObjectWork,
): Promise<AsyncIterable<SidecarObject>> {
  const sidecar = objectsSidecarPath(bucket);
  const isWanted = (name: string): boolean => matchObject(selection, bucket, name).selected;
  const kept = join(directory, `${randomUUID()}.jsonl`);
  const objects = {
    [Symbol.asyncIterator]: () => filterSelected(selection, bucket, readObjectLines(archive, context.files.readFile(kept))),
  };
  const awaited = new AwaitedObjects(inBatches(objects, batchSize), work);
  try {
    await readExport(context, { archive, paths: archivedPathsOf(selection, bucket) }, async (entries) => {
      let told = false;
      for await (const entry of entries) {
        const path = entry.header.name;
        if (path === sidecar) {
          await context.files.saveStream(kept, Readable.from(entry));
          told = true;
          continue;
        }
        const name = parseObjectPath(path)?.name;
        const object = told && name !== undefined && isWanted(name) ? await awaited.take(path) : undefined;
        if (object === undefined) for await (const chunk of entry) void chunk;
        else {
          assertPlaced(archive, bucket, object);
          await work.add(object, entry);
        }
      }
      if (!told) throw verificationError(archive, `it lacks ${sidecar}`);
      const missing = await awaited.firstLeft();
      if (missing !== undefined) throw verificationError(archive, `it lacks ${missing}, which its sidecar names`);
    });
  } finally {
    await awaited.close();
  }
  return objects;
}

/** Objects that a sidecar names and whose bytes have not come yet. They come in its order, so few of them have to be known at a time. */
class AwaitedObjects {
  readonly #batches: AsyncGenerator<readonly SidecarObject[]>;
  readonly #work: ObjectWork;
  readonly #known = new Map<string, SidecarObject>();

  constructor(batches: AsyncGenerator<readonly SidecarObject[]>, work: ObjectWork) {
    this.#batches = batches;
    this.#work = work;
  }

  async take(path: string): Promise<SidecarObject | undefined> {
    while (!this.#known.has(path) && (await this.#readBatch()));
    const object = this.#known.get(path);
    this.#known.delete(path);
    return object;
  }

  /** The path of the first one that is still awaited. */
  async firstLeft(): Promise<string | undefined> {
    if (this.#known.size === 0) await this.#readBatch();
    return this.#known.keys().next().value;
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }

  /** False at the end. */
  async #readBatch(): Promise<boolean> {
    const batch = await this.#batches.next();
    if (batch.done === true) return false;
    for (const object of batch.value) this.#known.set(object.path, object);
    await this.#work.begin(batch.value);
    return true;
  }
}

const longestSettings = 1024 * 1024;

async function readText(archive: string, entry: ExportedFile): Promise<string> {
  const { name, size } = entry.header;
  if (size > longestSettings) throw verificationError(archive, `${name} has ${size} bytes, which are no settings of a bucket`);
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

import type { RunContext } from '../context.ts';
import type { InventoryBucket } from '../domain/storage/inventory.ts';
import type { StorageManifest } from '../domain/storage/manifest.ts';
import {
  allObjects,
  archivedPathsOf,
  matchObject,
  touchesBucket,
  type ObjectSelection,
} from '../domain/storage/object-selection.ts';
import { bucketSidecarPath, objectsSidecarPath, parseBucketSidecar, type SidecarObject } from '../domain/storage/sidecar.ts';
import { messageOf } from '../errors.ts';
import { readExport } from './read-export.ts';
import { readObjectLines } from './read-sidecar.ts';
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
      const text = await readText(entry);
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
  /** Told before the first of them. */
  begin(bucket: string, objects: readonly SidecarObject[]): Promise<void>;
  /** Reads the bytes to their end. */
  add(bucket: string, object: SidecarObject, bytes: AsyncIterable<Buffer>): Promise<void>;
}

/**
 * Hands over the objects of one bucket as Borg reads them, all of them once. Throws AppError verification_failed when one that the
 * sidecar names is not there.
 */
export async function readObjects(
  context: RunContext,
  { archive, bucket, selection }: { readonly archive: string; readonly bucket: string; readonly selection: ObjectSelection },
  work: ObjectWork,
): Promise<void> {
  const sidecar = objectsSidecarPath(bucket);
  await readExport(context, { archive, paths: archivedPathsOf(selection, bucket) }, async (entries) => {
    let wanted = new Map<string, SidecarObject>();
    for await (const entry of entries) {
      const path = entry.header.name;
      if (path === sidecar) {
        const objects: SidecarObject[] = [];
        for await (const object of readObjectLines(archive, entry)) {
          if (matchObject(selection, bucket, object.name).selected) objects.push(object);
        }
        wanted = new Map(objects.map((object) => [object.path, object]));
        await work.begin(bucket, objects);
        continue;
      }
      const object = wanted.get(path);
      if (object === undefined) {
        for await (const chunk of entry) void chunk;
        continue;
      }
      wanted.delete(path);
      await work.add(bucket, object, entry);
    }
    const [missing] = wanted.keys();
    if (missing !== undefined) throw verificationError(archive, `it lacks ${missing}, which its sidecar names`);
  });
}

async function readText(entry: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

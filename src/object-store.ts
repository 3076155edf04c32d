import type { Readable } from 'node:stream';
import type { BucketSettings } from './domain/storage/settings.ts';
import type { InventoryBucket, InventoryObject, MirroredObject } from './domain/storage/inventory.ts';

export interface ObjectName {
  /** The id of the bucket. */
  readonly bucket: string;
  readonly name: string;
}

/** The bytes of an object. */
export interface ObjectBytes extends Readable {
  /** Of the content that is sent, as the server says: another one than the inventory's tells that the object was changed since. */
  readonly eTag?: string | undefined;
}

/** What is known of one object; by all but the user metadata a content is told from another one, as in an inventory. */
export interface ObjectState extends Pick<InventoryObject, 'version' | 'eTag' | 'size' | 'updatedAt'> {
  /** JSON text. */
  readonly userMetadata: string;
}

export interface ObjectPage {
  readonly objects: readonly InventoryObject[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: string | undefined;
}

/**
 * The Storage API of one project. Throws StorageError, which tells whether the same may well succeed later; one call is one attempt.
 */
export interface ObjectStore {
  /** For messages; holds no key. */
  readonly url: string;
  /** The ids of all buckets. */
  listBuckets(): Promise<readonly { readonly id: string; readonly row: string }[]>;
  /**
   * A page of at most 1000 objects by listV2, in the byte order of names; a missing bucket has none. Versions, user metadata and owners are
   * not told. `cursor` is `next` of the page before, undefined for the first one. Throws StorageError for a page that does not tell whether
   * and how the list goes on.
   */
  listPage(bucket: string, cursor: string | undefined, signal: AbortSignal): Promise<ObjectPage>;
  /** The bytes of an object, as they come. The stream fails with a StorageError: cut short, too slow, reset. */
  download(object: ObjectName, signal: AbortSignal): Promise<ObjectBytes>;
  /** What the API's database says of an object now, whether or not its bytes are there; undefined when there is no such object. */
  describe(object: ObjectName, signal: AbortSignal): Promise<ObjectState | undefined>;
  /** Settings of a bucket, as createBucket and updateBucket take them; undefined when there is no such bucket. */
  bucketSettings(id: string): Promise<BucketSettings | undefined>;
  /** Throws StorageError `invalid` where there is one. */
  createBucket(id: string, settings: BucketSettings): Promise<void>;
  updateBucket(id: string, settings: BucketSettings): Promise<void>;
  /**
   * Writes an object, over what is there by that name. Content type, cache-control and user metadata become what is given, and the
   * answer says where they could not; who calls has lifted the limits of the bucket. `body` is read once, in portions that are kept
   * until the server has them, and what fails in between is tried again within the call as far as a portion goes; anything else throws
   * StorageError, `invalid` also when `body` has not `object.size` bytes. What `body` throws is thrown as it is. It is never closed:
   * what was not read of it when the call fails is left to the caller. The memory of chunks
   * that come one after the other is given back, so they have to be nobody else's.
   */
  upload(object: UploadedObject, body: Buffer | AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<UploadOutcome>;
  /** Removes objects by their exact names; those that are not there do not matter. */
  remove(bucket: string, names: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface UploadedObject extends ObjectName {
  /** Bytes. */
  readonly size: number;
  readonly contentType: string | undefined;
  readonly cacheControl: string | undefined;
  /** JSON text; null where there was none. */
  readonly userMetadata: string | null;
}

export interface UploadOutcome {
  /** What the object now has otherwise than asked for, for people: "the cache-control ... cannot be kept ...". */
  readonly deviations: readonly string[];
}

export interface StoredObject extends InventoryObject {
  /** JSON text; undefined where the row tells it. */
  readonly userMetadata?: string;
}

export interface InventorySummary {
  readonly objects: number;
  /** As far as the inventory tells sizes. */
  readonly bytes: number;
  /** What the mirror does not hold yet. */
  readonly pendingObjects: number;
  readonly pendingBytes: number;
  /** What the mirror holds of another content of those: it goes when they come. */
  readonly replacedBytes: number;
}

/**
 * A directory that holds the bytes of every object, and an index that knows which content of which object each file is. What is in the
 * directory and not in the index, or has another size than the index says, does not count. The index may be lost: it is made anew from
 * the sidecars of the last archive.
 */
export interface Mirror {
  /** What paths in the archive are relative to. */
  readonly directory: string;
  /**
   * Begins an inventory: that of the run before is forgotten, what the mirror holds is not. To the rows of one that the API has listed
   * `mirrored` adds what they do not tell, and is known since the bytes came: version and user metadata.
   */
  startInventory(listedBy?: 'database' | 'api'): void;
  addBuckets(buckets: readonly InventoryBucket[]): void;
  addObjects(objects: readonly InventoryObject[]): void;
  /**
   * Reads each file of the inventory again that somebody has touched since its bytes were written, and takes one with other bytes for missing.
   * To be done before files are archived: Borg reads touched files again, too. Answers how many were read, and which were damaged.
   */
  rereadTouched(
    signal: AbortSignal,
  ): Promise<{ readonly files: number; readonly damagedFiles: number; readonly damaged: readonly string[] }>;
  /** From now on each file has to be read again: bytes may have changed without a trace. */
  distrust(): void;
  /** How many objects it holds in any content, whether or not the inventory has them. */
  heldObjects(): number;
  /** In the byte order of their ids. */
  buckets(): InventoryBucket[];
  summary(bucket?: string): InventorySummary;
  /** Objects of the inventory that the mirror does not hold in this content, by bucket and name. */
  pending(): Iterable<InventoryObject>;
  /** Objects of the inventory that it holds, by name. */
  mirrored(bucket: string): Iterable<MirroredObject>;
  /**
   * Writes the bytes of an object: into a temporary file, synchronized, renamed. Only then the index knows it. The memory of its chunks is
   * given back, so they have to be nobody else's. Throws what the stream
   * throws, StorageError when `object.size` is known and another number of bytes came, AppError no_space.
   */
  store(object: StoredObject, stream: Readable): Promise<MirroredObject>;
  /** The object is in no inventory any more: it was removed after the snapshot. */
  dropFromInventory(object: ObjectName): void;
  /** Replaces a text file below the directory, as one whole. */
  writeText(path: string, chunks: Iterable<string>): Promise<{ bytes: number; sha256: string }>;
  /**
   * Removes the bytes of objects, and the sidecars of buckets, that the inventory does not have. Answers how many objects. Throws
   * AppError when the inventory is empty and the mirror is not, unless `allowEmpty`: then nothing was removed.
   */
  removeOthers(options?: { readonly allowEmpty: boolean }): Promise<number>;
  close(): void;
}

import type { RunContext, Session } from '../../context.ts';
import { parseObjectRow } from '../../domain/storage/rows.ts';
import type { SidecarObject } from '../../domain/storage/sidecar.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { messageOf } from '../../errors.ts';
import type { ObjectStore } from '../../object-store.ts';
import { compareWithRow } from './same-object.ts';
import { findObjects, giveVersions, restoreColumns, type TargetObject } from './target-rows.ts';

export interface UploadTarget {
  readonly store: Pick<ObjectStore, 'upload' | 'download'>;
  /** To the database of the target. */
  readonly session: Pick<Session, 'query'>;
  /** How many objects go at once. */
  readonly concurrency: number;
}

export interface RefusedObject {
  readonly bucket: string;
  readonly name: string;
  readonly reason: string;
}

export interface Uploads {
  readonly uploaded: number;
  readonly uploadedBytes: number;
  /** Those that were there already. */
  readonly equal: number;
  readonly refused: readonly RefusedObject[];
  /** What could not be kept, by object. */
  readonly deviations: readonly string[];
}

/** Smaller ones are held in memory, so that several go at once; a larger one goes as it comes. */
const smallBytes = 6 * 1024 * 1024;
/** Of small objects that are under way. */
const maximumHeldBytes = 24 * 1024 * 1024;
/** Rows that are asked for, and given their columns, at once. */
const portion = 500;
/** Bytes of objects after which rows get their columns in any case: what has none yet is sent again after a kill. */
const portionBytes = 64 * 1024 * 1024;
const givesUpAfter = 20;

/** Writes the objects of one bucket after the other. The caller hands them over in the order of the sidecars, and then calls `finish`. */
export class ObjectUploads {
  readonly #context: RunContext;
  readonly #target: UploadTarget;
  readonly #running = new Set<Promise<void>>();
  #heldBytes = 0;
  readonly #refused: RefusedObject[] = [];
  readonly #deviations: string[] = [];
  #rows: string[] = [];
  #bytesOfRows = 0;
  #uploaded = 0;
  #uploadedBytes = 0;
  #equal = 0;
  #failedInARow = 0;
  #failure: Error | undefined;

  constructor(context: RunContext, target: UploadTarget) {
    this.#context = context;
    this.#target = target;
  }

  get outcome(): Uploads {
    return {
      uploaded: this.#uploaded,
      uploadedBytes: this.#uploadedBytes,
      equal: this.#equal,
      refused: this.#refused,
      deviations: this.#deviations,
    };
  }

  /** Names of these objects, some hundreds at most, that the target has already, as they were. */
  async findEqual(bucket: string, objects: readonly SidecarObject[]): Promise<ReadonlySet<string>> {
    const { session } = this.#target;
    await giveVersions(session, bucket, objects);
    const names = objects.map(({ name }) => name);
    const found = await findObjects(session, bucket, names);
    const equal = new Set<string>();
    for (const object of objects) {
      if (await this.#isEqual(bucket, object, found.get(object.name))) equal.add(object.name);
    }
    return equal;
  }

  noteEqual(): void {
    this.#equal += 1;
  }

  /** Reads `body` to its end, or as far as it takes to see that the object cannot be written. Throws what ends the whole restore. */
  async add(bucket: string, object: SidecarObject, body: AsyncIterable<Buffer>): Promise<void> {
    this.#throwFailure();
    if (object.size > smallBytes) {
      await this.#upload(bucket, object, body);
      // What a failure has left of it: the next object comes behind.
      for await (const chunk of body) void chunk;
    } else {
      while (this.#running.size >= this.#target.concurrency || this.#heldBytes + object.size > maximumHeldBytes)
        await Promise.race(this.#running);
      this.#start(bucket, object, await collect(body, object.size));
    }
    if (this.#rows.length >= portion || this.#bytesOfRows >= portionBytes) await this.#restoreRows();
  }

  #start(bucket: string, object: SidecarObject, bytes: Buffer): void {
    const running = this.#upload(bucket, object, [bytes]).catch((error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    });
    this.#heldBytes += object.size;
    const tracked = running.finally(() => {
      this.#heldBytes -= object.size;
      this.#running.delete(tracked);
    });
    this.#running.add(tracked);
  }

  /** Waits for what is under way. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
    await this.#restoreRows();
  }

  /** After a failure: nothing is written any more when this resolves, and what has arrived is as it should be. Never rejects. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    await this.#restoreRows().catch(() => undefined);
  }

  #throwFailure(): void {
    this.#context.signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #upload(bucket: string, object: SidecarObject, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const { name, size, row } = object;
    const { metadata, user_metadata: userMetadata } = parseObjectRow(row);
    try {
      const { deviations } = await this.#target.store.upload(
        {
          bucket,
          name,
          size,
          contentType: metadata?.mimetype ?? undefined,
          cacheControl: metadata?.cacheControl ?? undefined,
          userMetadata: toSend(userMetadata),
        },
        toAsync(body),
        this.#context.signal,
      );
      this.#deviations.push(...deviations.map((deviation) => `${bucket}/${name}: ${deviation}`));
      this.#rows.push(row);
      this.#bytesOfRows += size;
      this.#uploaded += 1;
      this.#uploadedBytes += size;
      this.#failedInARow = 0;
      this.#context.progress.bytes(this.#uploadedBytes);
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (!(error instanceof StorageError) || error.failure === 'refused') throw error;
      this.#refused.push({ bucket, name, reason: error.message });
      this.#failedInARow += error.failure === 'transient' ? 1 : 0;
      if (this.#failedInARow >= givesUpAfter) throw error;
    }
  }

  async #restoreRows(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    this.#bytesOfRows = 0;
    try {
      await restoreColumns(this.#target.session, 'objects', rows);
    } catch (error) {
      this.#context.signal.throwIfAborted();
      this.#deviations.push(`owners, times and user metadata of ${rows.length} objects: ${messageOf(error)}`);
    }
  }

  async #isEqual(bucket: string, object: SidecarObject, found: TargetObject | undefined): Promise<boolean> {
    const verdict = compareWithRow(object, found);
    return verdict === 'same' || (verdict === 'row only' && (await this.#hasBytes(bucket, object.name)));
  }

  async #hasBytes(bucket: string, name: string): Promise<boolean> {
    try {
      const body = await this.#target.store.download({ bucket, name }, this.#context.signal);
      body.on('error', () => undefined);
      body.destroy();
      return true;
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (error instanceof StorageError && error.failure === 'refused') throw error;
      return false;
    }
  }
}

/**
 * User metadata that fits into a header goes along. Longer ones come with the row alone: forms, which could carry them, change
 * cache-control.
 */
function toSend(userMetadata: unknown): string | null {
  const text = userMetadata === null || userMetadata === undefined ? null : JSON.stringify(userMetadata);
  return text !== null && Buffer.byteLength(text) > longestSentMetadata ? null : text;
}

const longestSentMetadata = 4096;

/** In one buffer of the size that is expected; what is beyond it is kept as well, for the upload to refuse. */
async function collect(body: AsyncIterable<Buffer>, size: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(size);
  const beyond: Buffer[] = [];
  let filled = 0;
  for await (const chunk of body) {
    const fitting = chunk.copy(buffer, filled);
    filled += fitting;
    if (fitting < chunk.length) beyond.push(chunk.subarray(fitting));
  }
  return beyond.length > 0 ? Buffer.concat([buffer, ...beyond]) : buffer.subarray(0, filled);
}

async function* toAsync(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

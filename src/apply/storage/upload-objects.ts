import { BufferPool } from '../../buffer-pool.ts';
import type { RunContext, Session } from '../../context.ts';
import { parseObjectRow } from '../../domain/storage/rows.ts';
import type { SidecarObject } from '../../domain/storage/sidecar.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { isDamage, messageOf } from '../../errors.ts';
import type { ObjectStore } from '../../object-store.ts';
import { collect, noticeEnd } from './bodies.ts';
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
/** What is held of a larger one: a portion that is being sent, and two that are read meanwhile. */
const heldOfLarge = 3 * smallBytes;
/** Of all objects that are under way: two large ones. */
const maximumHeldBytes = 2 * heldOfLarge;
/** Objects that wait for each connection, so that neither it nor Borg has to wait for the other. */
const waitingForEach = 3;
/** Rows that are asked for, and given their columns, at once. */
const portion = 500;
/** Bytes of objects after which rows get their columns in any case: what has none yet is sent again after a kill. */
const portionBytes = 64 * 1024 * 1024;
const givesUpAfter = 20;

/** Writes the objects of one bucket after the other. The caller hands them over in the order of the sidecars, and then calls `finish`. */
export class ObjectUploads {
  readonly #context: RunContext;
  readonly #target: UploadTarget;
  readonly #running = new Set<Promise<boolean>>();
  readonly #buffers = new BufferPool();
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
    const isSmall = object.size <= smallBytes;
    const held = isSmall ? object.size : heldOfLarge;
    const most = this.#target.concurrency * (1 + waitingForEach);
    while (this.#running.size >= most || this.#heldBytes + held > maximumHeldBytes) await Promise.race(this.#running);
    if (isSmall) {
      const buffer = this.#buffers.take(object.size);
      const bytes = await collect(body, buffer.subarray(0, object.size)).catch((error: unknown) => {
        this.#noteDamaged(bucket, object, error);
        return undefined;
      });
      if (bytes === undefined) return;
      // After a failure something may still read it.
      void this.#start(bucket, object, held, bytes).then((isWritten) => isWritten && this.#buffers.giveBack(buffer));
    } else {
      const passing = noticeEnd(body);
      await Promise.race([this.#start(bucket, object, held, passing.body), passing.ended]);
      // The next object comes behind what a failure has left.
      await drain(body);
    }
    if (this.#rows.length >= portion || this.#bytesOfRows >= portionBytes) await this.#restoreRows();
  }

  /** Whether the object was written. Never rejects. */
  #start(bucket: string, object: SidecarObject, held: number, body: Buffer | AsyncIterable<Uint8Array>): Promise<boolean> {
    this.#heldBytes += held;
    const running = this.#upload(bucket, object, body)
      .catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
        return false;
      })
      .finally(() => {
        this.#heldBytes -= held;
        this.#running.delete(running);
      });
    this.#running.add(running);
    return running;
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

  /** Whether the object was written; one that is refused is noted. Throws what ends the whole restore. */
  async #upload(bucket: string, object: SidecarObject, body: Buffer | AsyncIterable<Uint8Array>): Promise<boolean> {
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
        body,
        this.#context.signal,
      );
      this.#deviations.push(...deviations.map((deviation) => `${bucket}/${name}: ${deviation}`));
      this.#rows.push(row);
      this.#bytesOfRows += size;
      this.#uploaded += 1;
      this.#uploadedBytes += size;
      this.#failedInARow = 0;
      this.#context.progress.bytes(this.#uploadedBytes);
      return true;
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (!(error instanceof StorageError)) {
        this.#noteDamaged(bucket, object, error);
        return false;
      }
      if (error.failure === 'refused') throw error;
      this.#refused.push({ bucket, name, reason: error.message });
      this.#failedInARow += error.failure === 'transient' ? 1 : 0;
      if (this.#failedInARow >= givesUpAfter) throw error;
      return false;
    }
  }

  /** An object that is not in the archive as it was captured is no object any more: it is named, and not written. Throws all other errors. */
  #noteDamaged(bucket: string, { name }: SidecarObject, error: unknown): void {
    if (!isDamage(error)) throw error;
    this.#refused.push({ bucket, name, reason: error.message });
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

/** Reads what a failure has left of an object, and has told of: that its content is another one says nothing new. */
async function drain(body: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const chunk of body) void chunk;
  } catch (error) {
    if (!isDamage(error)) throw error;
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

import type { RunContext, Session } from '../../context.ts';
import { parseObjectRow } from '../../domain/storage/rows.ts';
import type { SidecarObject } from '../../domain/storage/sidecar.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { messageOf } from '../../errors.ts';
import type { ObjectStore } from '../../object-store.ts';
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
/** Rows that are asked for, and given their columns, at once. */
const portion = 500;
const givesUpAfter = 20;

/** Writes the objects of one bucket after the other. The caller hands them over in the order of the sidecars, and then calls `finish`. */
export class ObjectUploads {
  readonly #context: RunContext;
  readonly #target: UploadTarget;
  readonly #running = new Set<Promise<void>>();
  readonly #refused: RefusedObject[] = [];
  readonly #deviations: string[] = [];
  #rows: string[] = [];
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

  /** Which of these objects the target has already, as they were. */
  async findEqual(bucket: string, objects: readonly SidecarObject[]): Promise<ReadonlySet<string>> {
    const equal = new Set<string>();
    for (let start = 0; start < objects.length; start += portion) {
      const part = objects.slice(start, start + portion);
      await giveVersions(this.#target.session, bucket, part);
      const found = await findObjects(
        this.#target.session,
        bucket,
        part.map(({ name }) => name),
      );
      for (const object of part) {
        if (await this.#isEqual(bucket, object, found.get(object.name))) equal.add(object.name);
      }
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
      const bytes = await collect(body);
      const running = this.#upload(bucket, object, [bytes]).catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      });
      const tracked = running.finally(() => this.#running.delete(tracked));
      this.#running.add(tracked);
      if (this.#running.size >= this.#target.concurrency) await Promise.race(this.#running);
    }
    if (this.#rows.length >= portion) await this.#restoreRows();
  }

  /** Waits for what is under way. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
    await this.#restoreRows();
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
    try {
      await restoreColumns(this.#target.session, 'objects', rows);
    } catch (error) {
      this.#context.signal.throwIfAborted();
      this.#deviations.push(`owners, times and user metadata of ${rows.length} objects: ${messageOf(error)}`);
    }
  }

  /**
   * An upload gets a version of its own, and afterwards the time of its last change becomes the captured one: so a row with another version
   * and that time is of a restore, and nobody has touched it since. A row with the captured version may be of a dump alone.
   */
  async #isEqual(bucket: string, { name, size, row }: SidecarObject, found: TargetObject | undefined): Promise<boolean> {
    if (found === undefined || found.size !== String(size)) return false;
    const captured = parseObjectRow(row);
    if (found.version !== (captured.version ?? null)) return isSameTime(found.updatedAt, captured.updated_at);
    return found.eTag === (captured.metadata?.eTag ?? null) && (await this.#hasBytes(bucket, name));
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

/** PostgreSQL writes microseconds; what the API has told of, with a Z at its end, has milliseconds, and so it was written. */
function isSameTime(found: string | null, captured: string | null | undefined): boolean {
  if (found === null || captured === null || captured === undefined) return false;
  return found === captured || (captured.endsWith('Z') && Date.parse(found) === Date.parse(captured));
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

async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* toAsync(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

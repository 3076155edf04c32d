import type { Readable } from 'node:stream';
import type { RunContext } from '../../context.ts';
import type { InventoryObject, MirroredObject } from '../../domain/storage/inventory.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { createObjectRequests, defaultRetryDelayMs, type ObjectRequests } from '../../object-requests.ts';
import type { Mirror, ObjectName, ObjectState, ObjectStore } from '../../object-store.ts';

export interface DownloadRequest {
  readonly store: Pick<ObjectStore, 'download' | 'describe'>;
  readonly mirror: Pick<Mirror, 'pending' | 'store' | 'dropFromInventory' | 'summary'>;
  /** How many objects come at once. */
  readonly concurrency: number;
  /** Undefined for no limit. */
  readonly maxBytes: number | undefined;
  /** Whether the inventory does not tell all that is known of objects, so that each that comes has to be asked about. */
  readonly describesEach?: boolean;
  /** Milliseconds before the first attempt after a failure, and about twice as long before each of the next; 500 unless given. */
  readonly retryDelayMs?: number;
}

export interface MissingObject extends ObjectName {
  readonly reason: string;
  /** Its row is there, and its bytes are not, which does not pass. */
  readonly lost?: true;
}

/** An object that was changed, or removed, after the snapshot and before its bytes came. */
export interface ChangedObject extends ObjectName {
  readonly what: 'changed' | 'removed';
}

export interface Downloads {
  readonly objects: number;
  readonly bytes: number;
  readonly missing: readonly MissingObject[];
  readonly changed: readonly ChangedObject[];
  /** What the limit left for the next run. */
  readonly left: { readonly objects: number; readonly bytes: number };
  /** Why no more objects were asked for: the key is not taken (any more), or one after the other failed. */
  readonly stopped: 'refused' | 'transient' | undefined;
}

/**
 * Brings what the mirror lacks. An object that cannot be had is named and passed over; what was finished stays, whatever comes
 * after. Throws AppError no_space when the disk is full, and when the run is aborted.
 */
export async function downloadPending(context: RunContext, request: DownloadRequest): Promise<Downloads> {
  const work = new Download(context, request);
  const objects = request.mirror.pending()[Symbol.iterator]();
  await Promise.all(Array.from({ length: request.concurrency }, () => work.run(objects)));
  return work.outcome;
}

/** The state that the workers of one run share. */
class Download {
  readonly #context: RunContext;
  readonly #request: DownloadRequest;
  readonly #requests: ObjectRequests;
  readonly #total: number;
  readonly #missing: MissingObject[] = [];
  readonly #changed: ChangedObject[] = [];
  #objects = 0;
  #bytes = 0;
  #promised = 0;
  #left = { objects: 0, bytes: 0 };

  constructor(context: RunContext, request: DownloadRequest) {
    this.#context = context;
    this.#request = request;
    this.#requests = createObjectRequests({
      retries: context.config.storageRetries,
      delayMs: request.retryDelayMs ?? defaultRetryDelayMs,
      clock: context.clock,
    });
    this.#total = request.mirror.summary().pendingBytes;
  }

  get outcome(): Downloads {
    return {
      objects: this.#objects,
      bytes: this.#bytes,
      missing: this.#missing,
      changed: this.#changed,
      left: this.#left,
      stopped: this.#requests.stopped,
    };
  }

  async run(objects: Iterator<InventoryObject>): Promise<void> {
    for (let next = objects.next(); next.done !== true; next = objects.next()) {
      this.#context.signal.throwIfAborted();
      const object = next.value;
      const { refusal } = this.#requests;
      if (this.#isBeyondLimit(object)) this.#leave(object);
      else if (refusal !== undefined) this.#miss(object, refusal);
      else await this.#bring(object);
    }
  }

  #isBeyondLimit({ size }: InventoryObject): boolean {
    const { maxBytes } = this.#request;
    return this.#left.objects > 0 || (maxBytes !== undefined && this.#promised + (size ?? 0) > maxBytes);
  }

  #leave({ size }: InventoryObject): void {
    this.#left = { objects: this.#left.objects + 1, bytes: this.#left.bytes + (size ?? 0) };
  }

  #miss({ bucket, name }: InventoryObject, reason: string, isLost = false): void {
    this.#missing.push({ bucket, name, reason, ...(isLost ? { lost: true } : {}) });
  }

  async #bring(object: InventoryObject): Promise<void> {
    this.#promised += object.size ?? 0;
    try {
      await this.#requests.ask(this.#context.signal, () => this.#attempt(object));
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (!(error instanceof StorageError)) throw error;
      this.#context.log.warn({ bucket: object.bucket, object: object.name, reason: error.message }, 'object could not be read');
      this.#miss(object, error.message, error.failure === 'lost');
    }
  }

  async #attempt(listed: InventoryObject): Promise<void> {
    const { store, describesEach = false } = this.#request;
    const { signal } = this.#context;
    const object = describesEach ? await this.#describe(listed) : listed;
    if (object === undefined) return this.#drop(listed);
    try {
      const body = await store.download(object, signal);
      if (!isOther(body.eTag, object.eTag)) return await this.#store(listed, object, body);
      body.destroy();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StorageError) || error.failure === 'refused' || error.failure === 'invalid') throw error;
      return this.#takeAsItIsNow(listed, object, error);
    }
    return this.#takeAsItIsNow(listed, object, undefined);
  }

  /** As it is now; undefined when it is gone. */
  async #describe(object: InventoryObject): Promise<(InventoryObject & ObjectState) | undefined> {
    const now = await this.#request.store.describe(object, this.#context.signal);
    return now === undefined ? undefined : { ...object, ...now };
  }

  /** For an object that was removed, or is another one by now than was `expected`. Throws `failure` where it is the same. */
  async #takeAsItIsNow(listed: InventoryObject, expected: InventoryObject, failure: StorageError | undefined): Promise<void> {
    const now = await this.#describe(listed);
    if (now === undefined) return this.#drop(listed);
    if (failure !== undefined && isSame(now, expected)) {
      if (failure.failure === 'transient') throw failure;
      const { bucket, name } = listed;
      throw new StorageError('lost', `${bucket}/${name}: its row is there, but its bytes are not.`, { cause: failure });
    }
    await this.#store(listed, now, await this.#request.store.download(now, this.#context.signal));
  }

  #drop(listed: InventoryObject): void {
    this.#request.mirror.dropFromInventory(listed);
    this.#changed.push({ bucket: listed.bucket, name: listed.name, what: 'removed' });
  }

  async #store(listed: InventoryObject, object: InventoryObject, body: Readable): Promise<void> {
    this.#count(await this.#request.mirror.store(object, body));
    if (!isSame(object, listed)) this.#changed.push({ bucket: listed.bucket, name: listed.name, what: 'changed' });
  }

  #count({ bytes }: Pick<MirroredObject, 'bytes'>): void {
    this.#objects += 1;
    this.#bytes += bytes;
    this.#context.progress.bytes(this.#bytes, this.#total);
  }
}

/** A proxy that compresses marks an eTag as weak. */
function isOther(sent: string | undefined, known: string | null): boolean {
  return sent !== undefined && known !== null && sent.replace(/^W\//, '') !== known.replace(/^W\//, '');
}

/** Of the time milliseconds are compared: the API has no more. A version decides where both have one. */
function isSame(now: InventoryObject, then: InventoryObject): boolean {
  if (now.version !== null && then.version !== null) return now.version === then.version;
  return now.eTag === then.eTag && now.size === then.size && toMs(now.updatedAt) === toMs(then.updatedAt);
}

function toMs(time: string | null): number | undefined {
  const milliseconds = Date.parse(time ?? '');
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

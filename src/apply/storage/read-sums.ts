import { createHash } from 'node:crypto';
import type { RunContext } from '../../context.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { createObjectRequests, defaultRetryDelayMs, type ObjectRequests } from '../../object-requests.ts';
import type { ObjectName, ObjectStore } from '../../object-store.ts';

/** What the bytes of an object are, or why they could not be had. */
export type ReadSum =
  | { readonly size: number; readonly sha256: string }
  /** The row is there, and the bytes are not. */
  | 'no bytes'
  | { readonly reason: string };

/** Reads bytes of objects through a hash; nothing of them is kept. For many callers at once. */
export class SumReader {
  readonly #context: RunContext;
  readonly #store: Pick<ObjectStore, 'download'>;
  readonly #requests: ObjectRequests;
  #bytes = 0;

  constructor(context: RunContext, store: Pick<ObjectStore, 'download'>) {
    this.#context = context;
    this.#store = store;
    this.#requests = createObjectRequests({
      retries: context.config.storageRetries,
      delayMs: defaultRetryDelayMs,
      clock: context.clock,
    });
  }

  /** How many have come so far, those of attempts that failed among them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws when the run, or `signal`, is aborted. */
  async read(object: ObjectName, signal: AbortSignal): Promise<ReadSum> {
    const { refusal } = this.#requests;
    if (refusal !== undefined) return { reason: refusal };
    try {
      return await this.#requests.ask(signal, () => this.#attempt(object, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StorageError)) throw error;
      return error.failure === 'missing' ? 'no bytes' : { reason: error.message };
    }
  }

  async #attempt(object: ObjectName, signal: AbortSignal): Promise<{ size: number; sha256: string }> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of (await this.#store.download(object, signal)) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      this.#bytes += chunk.length;
      this.#context.progress.bytes(this.#bytes);
    }
    return { size, sha256: hash.digest('hex') };
  }
}

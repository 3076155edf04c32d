import { createHash } from 'node:crypto';
import pRetry from 'p-retry';
import type { RunContext } from '../../context.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import type { ObjectName, ObjectStore } from '../../object-store.ts';

/** What the bytes of an object are, or why they could not be had. */
export type ReadSum =
  | { readonly size: number; readonly sha256: string }
  /** The row is there, and the bytes are not. */
  | 'no bytes'
  | { readonly reason: string };

/** Waits of about 0.5, 1, 2, 4 and 8 seconds, or what the server asks for. */
const retries = { retries: 5, minTimeout: 500, factor: 2, randomize: true } as const;
/** When so many objects in a row could not be had, nothing more is asked of a server that is down. */
const givesUpAfter = 20;

/** Reads bytes of objects through a hash; nothing of them is kept. For many callers at once. */
export class SumReader {
  readonly #context: RunContext;
  readonly #store: Pick<ObjectStore, 'download'>;
  #bytes = 0;
  #failedInARow = 0;
  #refusal: string | undefined;

  constructor(context: RunContext, store: Pick<ObjectStore, 'download'>) {
    this.#context = context;
    this.#store = store;
  }

  /** How many have come so far, those of attempts that failed among them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws when the run, or `signal`, is aborted. */
  async read(object: ObjectName, signal: AbortSignal): Promise<ReadSum> {
    if (this.#refusal !== undefined) return { reason: this.#refusal };
    try {
      const sum = await pRetry(() => this.#attempt(object, signal), {
        ...retries,
        signal,
        shouldRetry: ({ error }) =>
          error instanceof StorageError && error.failure === 'transient' && this.#refusal === undefined,
        onFailedAttempt: async ({ error, retriesLeft }) => {
          if (retriesLeft > 0 && error instanceof StorageError && error.retryAfterMs !== undefined)
            await this.#context.clock.sleep(error.retryAfterMs);
        },
      });
      this.#failedInARow = 0;
      return sum;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StorageError)) throw error;
      if (error.failure === 'missing') return 'no bytes';
      this.#noteFailure(error);
      return { reason: error.message };
    }
  }

  #noteFailure({ failure, message }: StorageError): void {
    if (failure === 'refused') this.#refusal ??= `not tried: ${message}`;
    if (failure !== 'transient') return;
    this.#failedInARow += 1;
    if (this.#failedInARow >= givesUpAfter) this.#refusal ??= `not tried after ${givesUpAfter} failures: ${message}`;
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

/** What can go wrong with one call of the Storage API. */
export type StorageFailure =
  /** The object (or its bucket) is not there. */
  | 'missing'
  /** Its row is there, and its bytes are not. */
  | 'lost'
  /** The key is wrong, has expired, or has not the right. */
  | 'refused'
  /** The server takes no such name, type or size. */
  | 'invalid'
  /** Anything that may well succeed later: 429, 5xx, a reset, a hang, a short body. */
  | 'transient';

/** One attempt at the Storage API that failed. Its message holds neither key nor header. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly failure: StorageFailure;
  /** What the server asked for (Retry-After), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(failure: StorageFailure, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.failure = failure;
    this.retryAfterMs = options.retryAfterMs;
  }
}

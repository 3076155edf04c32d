import pRetry from 'p-retry';
import type { RunContext } from '../../context.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';

interface RetryOptions {
  /** Milliseconds before the first attempt after a failure, and about twice as long before each of the next; 500 unless given. */
  readonly retryDelayMs?: number | undefined;
  /** Asked after each failure. */
  readonly mayRetry?: () => boolean;
}

/** Waits of about 0.5, 1, 2, 4 and 8 seconds, and what the server asks for besides. */
const retries = { retries: 5, factor: 2, randomize: true } as const;
const defaultRetryDelayMs = 500;

/** Tries again what failed in a way that may pass. Throws what the last attempt threw, and when the run is aborted. */
export async function withRetries<Result>(
  context: RunContext,
  { retryDelayMs = defaultRetryDelayMs, mayRetry = () => true }: RetryOptions,
  attempt: () => Promise<Result>,
): Promise<Result> {
  return pRetry(attempt, {
    ...retries,
    minTimeout: retryDelayMs,
    signal: context.signal,
    shouldRetry: ({ error }) => error instanceof StorageError && error.failure === 'transient' && mayRetry(),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (retriesLeft > 0 && error instanceof StorageError && error.retryAfterMs !== undefined)
        await context.clock.sleep(error.retryAfterMs);
    },
  });
}

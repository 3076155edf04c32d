import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { StorageError } from '../../domain/storage/storage-error.ts';

/** However long a server asks us to wait, in milliseconds. */
const longestWaitMs = 10 * 60_000;

/**
 * Tries again what failed in a way that may pass: five times, after waits of about one, two, four ... times `retryMs`, or what the
 * server asks for. Rejects with the signal's reason when that is aborted.
 */
export async function withRetries<T>(retryMs: number, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  return pRetry(attempt, {
    retries: 5,
    minTimeout: retryMs,
    factor: 2,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => error instanceof StorageError && error.failure === 'transient',
    onFailedAttempt: async ({ error, retriesLeft }) => {
      signal.throwIfAborted();
      if (retriesLeft === 0 || !(error instanceof StorageError) || error.retryAfterMs === undefined) return;
      await sleep(Math.min(error.retryAfterMs, longestWaitMs), undefined, { signal }).catch(() => signal.throwIfAborted());
    },
  });
}

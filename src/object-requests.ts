import pRetry from 'p-retry';
import type { Clock } from './context.ts';
import { StorageError } from './domain/storage/storage-error.ts';

/** How requests to the Storage API are repeated that failed in a way that may pass. */
export interface RetryPolicy {
  /** How often something is asked for again before it is given up (STORAGE_RETRIES). */
  readonly retries: number;
  /** Milliseconds before the first of these times, and about twice as long before each of the next. */
  readonly delayMs: number;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** With five retries they wait about 0.5, 1, 2, 4 and 8 seconds. */
export const defaultRetryDelayMs = 500;

/** However long a server asks us to wait. */
const longestWaitMs = 10 * 60_000;
/** When so many objects in a row could not be had, nothing more is asked of a server that is down. */
const givesUpAfter = 20;

/**
 * Makes attempts until one succeeds, or fails in a way that does not pass, or was the last one: then throws what it threw. Waits between them,
 * and besides what the server asks for. Rejects with the signal's reason when that is aborted.
 */
export async function withRetries<T>(policy: RetryPolicy, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  return retry(policy, { signal, attempt, isOver: () => false });
}

/** Requests for many objects of one server. */
export interface ObjectRequests {
  /** Why nothing more is asked for, for people: the key was refused, or the server seems to be down. Undefined until then. */
  readonly refusal: string | undefined;
  /** Which of the two. */
  readonly stopped: 'refused' | 'transient' | undefined;
  /** Like `withRetries`, by many callers at once, about an object each. */
  ask<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T>;
}

export function createObjectRequests(policy: RetryPolicy): ObjectRequests {
  let failedInARow = 0;
  let end: { readonly refusal: string; readonly stopped: 'refused' | 'transient' } | undefined;
  const noteFailure = ({ failure, message }: StorageError): void => {
    if (failure === 'refused') end ??= { refusal: `not tried: ${message}`, stopped: failure };
    if (failure !== 'transient') return;
    failedInARow += 1;
    if (failedInARow >= givesUpAfter)
      end ??= { refusal: `not tried after ${givesUpAfter} failures: ${message}`, stopped: failure };
  };
  return {
    get refusal() {
      return end?.refusal;
    },
    get stopped() {
      return end?.stopped;
    },
    async ask(signal, attempt) {
      try {
        const result = await retry(policy, { signal, attempt, isOver: () => end !== undefined });
        failedInARow = 0;
        return result;
      } catch (error) {
        if (error instanceof StorageError && !signal.aborted) noteFailure(error);
        throw error;
      }
    },
  };
}

interface RetriedWork<T> {
  readonly signal: AbortSignal;
  readonly attempt: () => Promise<T>;
  /** Whether another attempt is of no use any more. */
  readonly isOver: () => boolean;
}

function retry<T>({ retries, delayMs, clock }: RetryPolicy, { signal, attempt, isOver }: RetriedWork<T>): Promise<T> {
  return pRetry(attempt, {
    retries,
    minTimeout: delayMs,
    factor: 2,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => error instanceof StorageError && error.failure === 'transient' && !isOver(),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      signal.throwIfAborted();
      if (retriesLeft > 0 && error instanceof StorageError && error.retryAfterMs !== undefined)
        await clock.sleep(Math.min(error.retryAfterMs, longestWaitMs), signal);
    },
  });
}

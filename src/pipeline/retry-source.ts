import pRetry from 'p-retry';
import type { RunContext } from '../context.ts';
import { AppError } from '../errors.ts';

/** Three seconds for a connection that broke, half a minute for a server that starts again. */
const policy = { retries: 2, minTimeout: 3_000, factor: 10 };

/**
 * Does something with the source again, from its beginning, when the connection to it breaks in the middle. `work` says when it has got through: where
 * nobody answers from the start, the connection itself has been tried several times, and the next run tries again.
 */
export async function retrySource<Result>(
  context: Pick<RunContext, 'signal' | 'log'>,
  work: (hasBegun: () => void) => Promise<Result>,
): Promise<Result> {
  let begun = false;
  return pRetry(() => work(() => void (begun = true)), {
    ...policy,
    signal: context.signal,
    shouldRetry: ({ error }) => begun && isPassing(error),
    onFailedAttempt: ({ error, retriesLeft }) => {
      if (!begun || !isPassing(error) || retriesLeft === 0) return;
      context.log.warn(
        { reason: error.message, retriesLeft },
        'the connection to the database broke: from the beginning again',
      );
    },
  });
}

function isPassing(error: unknown): boolean {
  return error instanceof AppError && error.code === 'source_unreachable' && error.retryable;
}

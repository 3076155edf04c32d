import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import { retrySource } from '../../../src/pipeline/retry-source.ts';

function failWith(retryable: boolean, code: 'source_unreachable' | 'dump_failed' = 'source_unreachable'): AppError {
  return new AppError(code, 'It broke.', { hint: 'Wait.', retryable });
}

/** Throws these one after the other, then answers how often it was called. */
function createWork(failures: readonly AppError[], begins = true) {
  let calls = 0;
  return async (hasBegun: () => void): Promise<number> => {
    if (begins) hasBegun();
    const failure = failures[calls];
    calls += 1;
    if (failure !== undefined) throw failure;
    return calls;
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function run(work: (hasBegun: () => void) => Promise<number>, signal = new AbortController().signal): Promise<number> {
  const result = retrySource({ signal, log: createLogger([]) }, work);
  result.catch(() => undefined);
  return result;
}

test('a connection that breaks twice is no failure; the waits are three seconds and half a minute', async () => {
  const result = run(createWork([failWith(true), failWith(true)]));
  const startedMs = performance.now();
  await vi.runAllTimersAsync();
  expect(await result).toBe(3);
  expect(performance.now() - startedMs).toBeCloseTo(33_000, -2);
});

test('one that breaks three times is', async () => {
  const result = run(createWork([failWith(true), failWith(true), failWith(true)]));
  await vi.runAllTimersAsync();
  await expect(result).rejects.toThrow('It broke.');
});

describe('nothing is tried again', () => {
  test.each([
    ['where nobody has answered', createWork([failWith(true)], false)],
    ['that will not pass', createWork([failWith(false)])],
    ['that is no fault of the source', createWork([failWith(true, 'dump_failed')])],
  ])('%s', async (_, work) => {
    await expect(run(work)).rejects.toThrow('It broke.');
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('whoever interrupts the run does not wait', async () => {
  const controller = new AbortController();
  const result = run(createWork([failWith(true)]), controller.signal);
  await vi.advanceTimersByTimeAsync(1000);
  controller.abort(new Error('received SIGTERM'));
  await expect(result).rejects.toThrow('received SIGTERM');
});

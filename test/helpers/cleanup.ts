import { onTestFinished, TestRunner } from 'vitest';

/**
 * Runs `cleanup` when the current test is over, last registered first; what it throws fails the test. In `beforeAll`, where no
 * test is current, nothing is registered: there the caller cleans up in `afterAll`.
 */
export function whenTestEnds(cleanup: () => Promise<void>): void {
  if (TestRunner.getCurrentTest() !== undefined) onTestFinished(cleanup);
}

import { expect, test } from 'vitest';
import { isReadAtOnce } from '../../../../src/domain/drill/sample-cost.ts';

const gibibyte = 1024 ** 3;

test.each([
  ['everything', { objects: 10, bytes: 1e12 }, { sample: 100, buckets: 1 }, true],
  ['one question', { objects: 1_000_000, bytes: 1000 * gibibyte }, { sample: 0.05, buckets: 1 }, false],
  ['a few percent of many small ones', { objects: 1_000_000, bytes: 100 * gibibyte }, { sample: 3, buckets: 1 }, true],
  ['a percent of them', { objects: 1_000_000, bytes: 100 * gibibyte }, { sample: 1, buckets: 1 }, false],
  ['half of a few large ones', { objects: 500, bytes: 1000 * gibibyte }, { sample: 50, buckets: 1 }, false],
  ['many buckets with little in them', { objects: 1000, bytes: gibibyte }, { sample: 50, buckets: 200 }, true],
])('%s', (_, totals, asked, expected) => {
  expect(isReadAtOnce(totals, asked)).toBe(expected);
});

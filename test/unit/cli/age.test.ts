import { expect, test } from 'vitest';
import { formatAge } from '../../../src/cli/age.ts';

const hourMs = 3_600_000;

test.each([
  [-1, 'in the future'],
  [0, 'just now'],
  [59_999, 'just now'],
  [60_000, '1 min'],
  [hourMs - 1, '59 min'],
  [hourMs, '1 h'],
  [47.9 * hourMs, '47 h'],
  [48 * hourMs, '2 days'],
  [400 * 24 * hourMs, '400 days'],
])('%d ms are %s', (ms, expected) => {
  expect(formatAge(ms)).toBe(expected);
});

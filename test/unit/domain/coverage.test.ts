import { expect, test } from 'vitest';
import { coverageStates, statusOf, type Coverage } from '../../../src/domain/coverage.ts';

const entry = (state: Coverage['state']): Coverage => ({ component: 'tables', state, detail: '' });

test('the states are a contract', () => {
  expect(coverageStates).toEqual(['captured', 'empty', 'not readable', 'not configured', 'not supported']);
});

test.each([
  [[], 'complete'],
  [['captured', 'empty', 'not configured', 'not supported'], 'complete'],
  [['captured', 'not readable', 'captured'], 'incomplete'],
] as const)('%j is %s', (states, status) => {
  expect(statusOf(states.map(entry))).toBe(status);
});

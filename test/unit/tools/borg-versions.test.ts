import { expect, test } from 'vitest';
import { renamesAuthentically } from '../../../src/tools/borg/versions.ts';

test.each([
  ['1.1.17', false],
  ['1.2.4', false],
  ['1.2.5', false],
  ['1.2.6', true],
  ['1.2.8', true],
  ['1.4.0', true],
  ['1.4.1rc1', true],
  ['2.0.0b14', true],
  ['unknown', false],
])('Borg %s: %s', (version, authentic) => {
  expect(renamesAuthentically(version)).toBe(authentic);
});

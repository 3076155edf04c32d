import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareWithRow } from '../../../../src/apply/storage/same-object.ts';
import { isSampled } from '../../../../src/apply/storage/sampled.ts';
import type { TargetObject } from '../../../../src/apply/storage/target-rows.ts';

const time = '2026-02-01T00:00:00.123456+00:00';
const captured = {
  name: 'a',
  path: 'storage/docs/objects/a%',
  size: 3,
  sha256: '0'.repeat(64),
  row: JSON.stringify({ version: 'one', updated_at: time, metadata: { eTag: '"e"' } }),
};
const found: TargetObject = { name: 'a', version: 'two', eTag: '"e"', size: '3', updatedAt: time, row: '{}' };

test.each([
  ['a restore that nobody has touched since', {}, 'same'],
  ['somebody’s change since then', { updatedAt: '2026-02-02T00:00:00+00:00' }, 'other'],
  ['another size', { size: '4' }, 'other'],
  ['no size', { size: null }, 'other'],
  ['no time', { updatedAt: null }, 'other'],
  ['a row that a dump has brought, whose bytes may be missing', { version: 'one' }, 'row only'],
  ['the same version with another ETag', { version: 'one', eTag: '"f"' }, 'other'],
])('a row that tells of %s', (_, changes, expected) => {
  expect(compareWithRow(captured, { ...found, ...changes })).toBe(expected);
});

test('an object that is not there is another one', () => {
  expect(compareWithRow(captured, undefined)).toBe('other');
});

test('a time that the API has told of in milliseconds is the one that was written', () => {
  const row = JSON.stringify({ version: 'one', updated_at: '2026-02-01T00:00:00.123Z', metadata: null });
  expect(compareWithRow({ ...captured, row }, { ...found, updatedAt: '2026-02-01T00:00:00.123+00:00' })).toBe('same');
  expect(compareWithRow({ ...captured, row }, { ...found, updatedAt: '2026-02-01T00:00:00.124+00:00' })).toBe('other');
});

test('a sample is the same each time, a larger one holds it, and it is about as large as was asked for', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 99 }), (name, percent) => {
      expect(isSampled(name, percent)).toBe(isSampled(name, percent));
      if (isSampled(name, percent)) expect(isSampled(name, percent + 1)).toBe(true);
      expect(isSampled(name, 100)).toBe(true);
    }),
  );
  const names = Array.from({ length: 2000 }, (_, index) => `folder/${index}.png`);
  expect(Math.abs(names.filter((name) => isSampled(name, 25)).length - 500)).toBeLessThan(100);
});

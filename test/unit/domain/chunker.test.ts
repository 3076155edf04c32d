import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseChunkerParams, defaultChunkerParams, isChunkerParams } from '../../../src/domain/chunker.ts';

const gib = 1024 ** 3;

test.each([
  [0, 'buzhash,12,18,13,1023'],
  [16 * gib, 'buzhash,12,18,13,1023'],
  [16 * gib + 1, 'buzhash,12,20,14,4095'],
  [64 * gib, 'buzhash,12,20,14,4095'],
  [64 * gib + 1, 'buzhash,14,20,16,4095'],
  [256 * gib, 'buzhash,14,20,16,4095'],
  [256 * gib + 1, 'buzhash,19,23,21,4095'],
])('a database of %d bytes gets %s', (databaseBytes, params) => {
  expect(chooseChunkerParams(databaseBytes)).toBe(params);
});

test('up to 256 GiB the index of the chunks fits into 450 MB; the parameters are always valid', () => {
  const property = fc.property(fc.double({ min: 0, max: 1024 * gib, noNaN: true }), (databaseBytes) => {
    const params = chooseChunkerParams(databaseBytes);
    expect(isChunkerParams(params)).toBe(true);
    const chunks = databaseBytes / 2 ** Number(params.split(',')[3]);
    expect(chunks * 100).toBeLessThan(450e6);
  });
  fc.assert(property);
});

test.each([
  [defaultChunkerParams, true],
  ['buzhash,6,23,23,1', true],
  ['buzhash,19,23,21', false],
  ['buzhash,19,23,21,4096', false],
  ['buzhash,5,23,21,4095', false],
  ['buzhash,19,24,21,4095', false],
  ['buzhash,19,20,21,4095', false],
  ['buzhash,19,23,18,4095', false],
  ['fixed,4194304', false],
  ['buzhash,19,23,21,4095 --repair', false],
  ['', false],
])('%s is valid: %s', (text, valid) => {
  expect(isChunkerParams(text)).toBe(valid);
});

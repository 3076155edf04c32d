import { expect, test } from 'vitest';
import { releaseMemory } from '../../src/release-memory.ts';

test('the chunk that reaches to the end of its memory gives all of it back', () => {
  const read = Buffer.allocUnsafeSlow(100);
  const [first, last] = [read.subarray(0, 40), read.subarray(40)];
  releaseMemory(first);
  expect(read.length).toBe(100);
  releaseMemory(last);
  expect([read.length, first.length, last.length]).toEqual([0, 0, 0]);
  releaseMemory(last);
});

test('memory that Node hands out in pieces stays, also for the piece at its end', () => {
  const pieces = Array.from({ length: Buffer.poolSize }, () => Buffer.allocUnsafe(8).fill('8 bytes!'));
  pieces.forEach(releaseMemory);
  expect(pieces.every((piece) => piece.toString() === '8 bytes!')).toBe(true);
  expect(pieces.some(({ buffer, byteOffset, byteLength }) => byteOffset + byteLength === buffer.byteLength)).toBe(true);
});

test('shared memory stays', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  releaseMemory(shared);
  expect(shared.length).toBe(8);
});

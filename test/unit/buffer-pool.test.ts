import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BufferPool } from '../../src/buffer-pool.ts';

test('a buffer is large enough, at most twice as large as it has to be, and nobody else has it', () => {
  const steps = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 6 * 1024 * 1024 }), kept: fc.boolean() }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(steps, (taken) => {
      const pool = new BufferPool();
      const held = new Set<unknown>();
      for (const { bytes, kept } of taken) {
        const buffer = pool.take(bytes);
        expect(held.has(buffer.buffer)).toBe(false);
        expect(buffer.length).toBeGreaterThanOrEqual(bytes);
        expect(buffer.length).toBeLessThanOrEqual(Math.max(4096, 2 * bytes));
        if (kept) held.add(buffer.buffer);
        else pool.giveBack(buffer);
      }
    }),
    { numRuns: 50 },
  );
});

test('what was given back is used again', () => {
  const pool = new BufferPool();
  const buffer = pool.take(5000);
  pool.giveBack(buffer.subarray(0, 5000));
  expect(pool.take(8192).buffer).toBe(buffer.buffer);
  expect(pool.take(8192).buffer).not.toBe(buffer.buffer);
});

test('what nobody uses stays within its limit: the rest is given back to the system', () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 10 }, () => pool.take(6 * 1024 * 1024));
  buffers.forEach((buffer) => pool.giveBack(buffer));
  expect(buffers.filter(({ length }) => length > 0)).toHaveLength(4);
});

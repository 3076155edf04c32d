import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inBatches } from '../../../src/domain/batches.ts';

test('batches have all items in their order, and all but the last are full', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer()), fc.integer({ min: 1, max: 7 }), async (items, size) => {
      const batches: number[][] = [];
      for await (const batch of inBatches(items, size)) batches.push(batch);
      expect(batches.flat()).toEqual(items);
      expect(batches.slice(0, -1).every(({ length }) => length === size)).toBe(true);
      expect(batches.every(({ length }) => length > 0 && length <= size)).toBe(true);
    }),
  );
});

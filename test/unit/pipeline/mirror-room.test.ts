import { expect, test } from 'vitest';
import type { RunContext } from '../../../src/context.ts';
import type { InventoryObject } from '../../../src/domain/storage/inventory.ts';
import { assertRoom, measureRoom } from '../../../src/pipeline/mirror-room.ts';

/** A mirror that lacks objects of these sizes, on a file system with so much room. */
function createScene(sizes: readonly (number | null)[], facts: { free: number; replaced?: number; limit?: number }) {
  const pendingBytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const summary = { objects: 9, bytes: 900, pendingObjects: sizes.length, pendingBytes, replacedBytes: facts.replaced ?? 0 };
  const mirror = {
    directory: '/state/shop/mirror',
    summary: () => summary,
    pending: () => sizes.map((size) => ({ size }) as InventoryObject),
  };
  const context = {
    config: { storage: { maxEgressBytes: facts.limit } },
    files: { freeBytes: async () => facts.free },
  } as unknown as RunContext;
  return { mirror, context };
}

test.each([
  ['what just fits', [60, 40], { free: 100 }, { neededBytes: 100, fits: true }],
  ['one byte too much', [60, 41], { free: 100 }, { neededBytes: 101, fits: false }],
  ['what takes the place of other content', [60, 60], { free: 100, replaced: 20 }, { neededBytes: 100, fits: true }],
  ['less than goes', [60], { free: 0, replaced: 90 }, { neededBytes: 0, fits: true }],
  ['unknown sizes', [null, 60], { free: 60 }, { neededBytes: 60, fits: true }],
  ['what a limit lets come', [60, 60, 1], { free: 60, limit: 100 }, { neededBytes: 60, fits: true }],
  ['a limit that lets too much come', [60, 60], { free: 60, limit: 120 }, { neededBytes: 120, fits: false }],
  ['nothing', [], { free: 0 }, { neededBytes: 0, fits: true }],
])('%s', async (_, sizes, facts, expected) => {
  const { mirror, context } = createScene(sizes, facts);
  expect(await measureRoom(context, mirror)).toEqual({ ...expected, freeBytes: facts.free });
});

test('the error names the place, and what is missing there', async () => {
  const { mirror, context } = createScene([5_000_000], { free: 1_234_567 });
  await expect(assertRoom(context, mirror)).rejects.toMatchObject({
    code: 'no_space',
    exitCode: 21,
    message:
      'The objects that are to be downloaded do not fit into the mirror /state/shop/mirror: they need 5,000,000 bytes more than it has, and 1,234,567 bytes are free. None was downloaded, and what the mirror holds is kept.',
  });
});

import { expect, test } from 'vitest';
import type { LeastRoom, RunContext } from '../../../src/context.ts';
import { checkDatabaseRoom, checkObjectsRoom } from '../../../src/pipeline/repository-room.ts';

const gibibyte = 1024 ** 3;
const location = '/backups/shop';

function createContext(facts: {
  free: number;
  location?: string;
  least?: readonly LeastRoom[];
  lastBytes?: number;
}): RunContext {
  const archives = { database: { readBytes: 9 * gibibyte, deduplicatedBytes: facts.lastBytes } };
  return {
    repository: { location: facts.location ?? location, leastRoom: async () => facts.least ?? [] },
    files: { freeBytes: async () => facts.free },
    state: { measurements: () => (facts.lastBytes === undefined ? undefined : JSON.stringify({ stagesMs: {}, archives })) },
  } as unknown as RunContext;
}

test('less than Borg wants at least ends the backup before anything is dumped, with the figures', async () => {
  const context = createContext({ free: 3_999_999, least: [{ directory: location, bytes: 4_000_000 }] });
  await expect(checkDatabaseRoom(context, 1)).rejects.toMatchObject({
    code: 'no_space',
    exitCode: 21,
    message:
      '3,999,999 bytes are free at /backups/shop, and Borg begins no archive there with less than 4,000,000 bytes. Nothing was dumped, and earlier archives are safe.',
  });
});

test.each([
  ['a first backup that fits', { free: 2 * gibibyte }, 0],
  ['a first backup that may not fit', { free: gibibyte }, 1],
  ['a later one that fits, however large the database is', { free: gibibyte, lastBytes: 200_000_000 }, 0],
  ['a later one that may not fit', { free: gibibyte, lastBytes: 300_000_000 }, 1],
  ['a disk that is all but full', { free: 1000, least: [{ directory: location, bytes: 1000 }] }, 1],
  ['a remote repository', { free: 0, location: 'ssh://backup@nas/shop' }, 0],
])('%s', async (_, facts, warnings) => {
  expect(await checkDatabaseRoom(createContext(facts), 3 * gibibyte)).toHaveLength(warnings);
});

test('the warning says how much is there, how much may be needed, and why', async () => {
  const gigabyte = 1_000_000_000;
  expect(await checkDatabaseRoom(createContext({ free: gigabyte }), 3 * gigabyte)).toEqual([
    'little room: 1,000,000,000 bytes are free at /backups/shop, and this backup may have needed 1,545,259,520 bytes (it is the first one, and the database has 3,000,000,000 bytes): the next one may not fit',
  ]);
  expect((await checkObjectsRoom(createContext({ free: gigabyte }), gigabyte))[0]).toContain(
    '(1,000,000,000 bytes of objects are new)',
  );
});

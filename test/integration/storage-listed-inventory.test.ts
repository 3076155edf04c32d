import { beforeEach, expect, test } from 'vitest';
import { downloadPending } from '../../src/capture/storage/download.ts';
import { captureListedInventory } from '../../src/capture/storage/listed-inventory.ts';
import type { RunContext } from '../../src/context.ts';
import { createStorageFilter } from '../../src/domain/storage/filter.ts';
import { StorageError } from '../../src/domain/storage/storage-error.ts';
import type { Mirror, ObjectStore } from '../../src/object-store.ts';
import type { TestDatabase } from '../helpers/database.ts';
import { openTestMirror } from '../helpers/mirror.ts';
import { createStorageScene } from '../helpers/storage-scene.ts';
import type { StorageServer } from '../helpers/storage-server/server.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

// Whatever the list comes to, it is that of all objects, or none at all.

let database: TestDatabase;
let server: StorageServer;
let store: ObjectStore;
let context: RunContext;
let mirror: Mirror;

beforeEach(async () => {
  ({ database, server, store, context } = await createStorageScene());
  mirror = openTestMirror(await createTemporaryDirectory());
});

async function list(exclude: readonly string[] = []) {
  const filter = createStorageFilter({ buckets: [], exclude });
  return captureListedInventory(context, { store, mirror, filter, retryDelayMs: 1 });
}

async function download() {
  const request = { store, mirror, concurrency: 4, maxBytes: undefined, retryDelayMs: 1, describesEach: true };
  return downloadPending(context, request);
}

test('all pages of all buckets are listed, whatever fails in a way that passes', async () => {
  await server.seedMany('many', 2_500, 10);
  await server.putObject('docs', 'a', 'one');
  await server.putObject('cache', 'b', 'two');
  const faults = [
    server.faults.add({ path: /^\/bucket$/, times: 2, effect: { kind: 'status', status: 502 } }),
    server.faults.add({ path: /list-v2/, after: 2, times: 3, effect: { kind: 'reset' } }),
    server.faults.add({ path: /list-v2/, after: 6, times: 2, effect: { kind: 'html' } }),
  ];
  expect(await list(['cache', 'many/many/00000*', 'no-such'])).toEqual({
    buckets: ['cache'],
    objects: new Map([['many', 99]]),
    idlePatterns: ['no-such'],
  });
  expect(mirror.summary()).toMatchObject({ objects: 2_402, bytes: 24_013, pendingObjects: 2_402 });
  expect(faults.map(({ struck }) => struck)).toEqual([2, 3, 2]);
});

test.each([
  ['an error that stays', { kind: 'status', status: 500 }],
  ['a reset in the middle', { kind: 'reset', afterBytes: 20_000 }],
  ['half a page', { kind: 'short', missingBytes: 30_000 }],
  ['a key that is not taken any more', { kind: 'refuse' }],
] as const)('a list that breaks off is none: %s', async (_, effect) => {
  await server.seedMany('many', 1_500, 10);
  server.faults.add({ path: /list-v2/, after: 1, effect });
  await expect(list()).rejects.toBeInstanceOf(StorageError);
  server.faults.clear();
  expect(await list()).toMatchObject({ objects: new Map() });
  expect(mirror.summary().objects).toBe(1_500);
});

test('an object brings what its list does not tell, as it is when its bytes come', async () => {
  for (const name of ['same', 'touched', 'changed', 'gone', 'lost']) await server.putObject('docs', name, name);
  await list();
  await server.putObject('docs', 'touched', 'touched', { userMetadata: { n: 1 } });
  const changed = await server.putObject('docs', 'changed', 'another', { userMetadata: { n: 2 } });
  await database.query("SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects WHERE name = 'gone'");
  server.faults.add({ path: /^\/object\/authenticated\/docs\/lost$/, effect: { kind: 'status', status: 500 } });
  const outcome = await download();
  expect(outcome.changed.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
    { bucket: 'docs', name: 'changed', what: 'changed' },
    { bucket: 'docs', name: 'gone', what: 'removed' },
    { bucket: 'docs', name: 'touched', what: 'changed' },
  ]);
  expect(outcome.missing).toMatchObject([{ name: 'lost' }]);
  const rows = new Map([...mirror.mirrored('docs')].map(({ name, row }) => [name, JSON.parse(row) as object]));
  expect(rows.get('same')).toMatchObject({ bucket_id: 'docs', version: expect.any(String) as string, user_metadata: {} });
  expect(rows.get('touched')).toMatchObject({ user_metadata: { n: 1 } });
  expect(rows.get('changed')).toMatchObject({ version: changed, user_metadata: { n: 2 } });

  // The next list knows them by their new times.
  server.faults.clear();
  await list();
  expect(mirror.summary()).toMatchObject({ objects: 4, pendingObjects: 1 });
});

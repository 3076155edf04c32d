import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Secret } from '../../../src/config/project-config.ts';
import type { InventoryObject } from '../../../src/domain/storage/inventory.ts';
import { StorageError } from '../../../src/domain/storage/storage-error.ts';
import type { ObjectStore } from '../../../src/object-store.ts';
import { createObjectStore } from '../../../src/tools/supabase/object-store.ts';
import { whenTestEnds } from '../../helpers/cleanup.ts';
import { createTestDatabase } from '../../helpers/database.ts';
import { listObjects } from '../../helpers/listed-objects.ts';
import { openTestMirror, takeInventory } from '../../helpers/mirror.ts';
import type { FaultEffect } from '../../helpers/storage-server/faults.ts';
import { startStorageServer, type StorageServer } from '../../helpers/storage-server/server.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

// The Storage API that the tests have, which answers as the real one: its lists, rows and errors are what is understood here.

const never = new AbortController().signal;

async function openStore(): Promise<{ server: StorageServer; store: ObjectStore }> {
  const database = await createTestDatabase({ template: 'supabase' });
  const server = await startStorageServer({ database: database.config });
  const store = createObjectStore({
    url: server.url,
    key: new Secret(server.serviceKey),
    concurrency: 4,
    agentVersion: '0',
    clock: { now: () => new Date(0) },
    limits: { stallMs: 500, headersMs: 500 },
  });
  whenTestEnds(() => store.close());
  return { server, store };
}

async function failureOf(attempt: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StorageError);
  return error as StorageError;
}

test('every name that the server takes comes into the mirror as it is, and is not asked for again', async () => {
  const { server, store } = await openStore();
  const names = ['a', 'a/b', 'n//double', 'n/trail/', '/lead', '//lead2', 'n/q?.txt', 'pl+us am&p', "it's*.txt", '..x/.hidden'];
  for (const name of names) await server.putObject('my docs', name, `content of ${name}`);
  await server.putObject('my docs', 'empty', '');
  expect((await store.listBuckets()).map(({ id }) => id)).toContain('my docs');
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const objects = await listObjects(store, 'my docs');
  expect(objects.map(({ name }) => name).toSorted()).toEqual([...names, 'empty'].toSorted());
  takeInventory(mirror, objects);
  for (const object of mirror.pending()) {
    const stream = await store.download(object, never);
    expect(stream.eTag).toBe(object.eTag);
    await mirror.store(object, stream);
  }
  const mirrored = [...mirror.mirrored('my docs')];
  expect(mirrored).toHaveLength(names.length + 1);
  for (const { name, path } of mirrored)
    expect(readFileSync(join(directory, path), 'utf8')).toBe(name === 'empty' ? '' : `content of ${name}`);
  takeInventory(mirror, await listObjects(store, 'my docs'));
  expect(mirror.summary().pendingObjects).toBe(0);
});

test('an object is described as the database has it, and is not there when it is not', async () => {
  const { server, store } = await openStore();
  const version = await server.putObject('docs', 'a//b?.txt', 'one');
  const [listed] = await listObjects(store, 'docs');
  expect(await store.describe({ bucket: 'docs', name: 'a//b?.txt' }, never)).toEqual({
    version,
    eTag: listed!.eTag,
    size: 3,
    updatedAt: expect.any(String) as string,
    userMetadata: '{}',
  });
  expect(Date.parse((await store.describe(listed!, never))!.updatedAt!)).toBe(Date.parse(listed!.updatedAt!));
  expect(await store.describe({ bucket: 'docs', name: 'a' }, never)).toBeUndefined();
  expect(await store.describe({ bucket: 'none', name: 'a' }, never)).toBeUndefined();
  expect((await failureOf(store.download({ bucket: 'docs', name: 'a' }, never))).failure).toBe('missing');
  expect((await failureOf(store.download({ bucket: 'none', name: 'a' }, never))).failure).toBe('missing');
  expect((await failureOf(store.download({ bucket: 'docs', name: 'é' }, never))).failure).toBe('invalid');
  expect(await listObjects(store, 'none')).toEqual([]);
});

test.each([undefined, 401, 403] as const)('a key that is not taken any more (%s) refuses everything', async (status) => {
  const { server, store } = await openStore();
  await server.putObject('docs', 'a', 'one');
  server.faults.expireKeys(status);
  const object = { bucket: 'docs', name: 'a' };
  const attempts = [
    store.download(object, never),
    store.describe(object, never),
    store.listBuckets(),
    listObjects(store, 'docs'),
  ];
  for (const error of await Promise.all(attempts.map(failureOf))) {
    expect(error.failure).toBe('refused');
    expect(error.message).not.toContain(server.serviceKey);
  }
});

const faults: FaultEffect[] = [
  { kind: 'status', status: 429, retryAfter: 3 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 502 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 504 },
  { kind: 'reset' },
  { kind: 'reset', afterBytes: 1000 },
  { kind: 'short', missingBytes: 1 },
  { kind: 'wrong-length', bytes: 99_999 },
  { kind: 'wrong-length', bytes: 100_001 },
  { kind: 'hang' },
  { kind: 'hang', afterBytes: 1000 },
  { kind: 'html' },
];

test('what goes wrong with a download is transient, leaves nothing, and the next attempt brings it', async () => {
  const { server, store } = await openStore();
  const text = 'x'.repeat(100_000);
  await server.putObject('docs', 'a', text);
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const [object] = await listObjects(store, 'docs');
  takeInventory(mirror, [object!]);
  const bring = async (wanted: InventoryObject): Promise<unknown> => mirror.store(wanted, await store.download(wanted, never));
  for (const effect of faults) {
    server.faults.add({ effect, method: 'GET', name: /^a$/, times: 1 });
    const error = await failureOf(bring(object!));
    expect({ effect, failure: error.failure }).toEqual({ effect, failure: 'transient' });
    expect(error.retryAfterMs).toBe(effect.kind === 'status' && effect.retryAfter !== undefined ? 3000 : undefined);
    expect(mirror.summary().pendingObjects).toBe(1);
  }
  await bring(object!);
  expect(mirror.summary().pendingObjects).toBe(0);
  const [{ path } = { path: '' }] = [...mirror.mirrored('docs')];
  expect(readFileSync(join(directory, path), 'utf8')).toBe(text);
  expect((await buffer(await store.download(object!, never))).toString()).toBe(text);
});

import { describe, expect, test } from 'vitest';
import { failureOf, openUploads } from '../helpers/uploads.ts';

describe('buckets', () => {
  test('are made, told of and changed', async () => {
    const { store } = await openUploads();
    const settings = { public: true, fileSizeLimit: 1000, allowedMimeTypes: ['image/*'] };
    const id = 'odd? b&c';
    expect(await store.bucketSettings(id)).toBeUndefined();
    await store.createBucket(id, settings);
    expect(await store.bucketSettings(id)).toEqual(settings);
    const free = { public: false, fileSizeLimit: null, allowedMimeTypes: null };
    await store.updateBucket(id, free);
    expect(await store.bucketSettings(id)).toEqual(free);
    const again = await failureOf(store.createBucket(id, free));
    expect(again).toMatchObject({
      failure: 'invalid',
      message: `Bucket ${id}: the server answered 409: The resource already exists`,
    });
    expect(await failureOf(store.updateBucket('gone', free))).toMatchObject({ failure: 'missing' });
  });

  test('tell a key that is wrong from a bucket that is missing', async () => {
    const { store, server } = await openUploads();
    server.faults.expireKeys();
    expect(await failureOf(store.bucketSettings('docs'))).toMatchObject({ failure: 'refused' });
  });

  test('lose the objects that are named, and no others', async () => {
    const { store, server, database } = await openUploads();
    for (const name of ['a', 'a/b', '//lead', 'what?.txt', 'n/../up', '%41', 'A']) await server.putObject('docs', name, 'x');
    await server.seedMany('docs', 2100, 10, 'many/');
    const many = Array.from({ length: 2100 }, (_, index) => `many/${String(index + 1).padStart(7, '0')}`);
    await store.remove('docs', []);
    await store.remove('docs', ['a', '//lead', 'what?.txt', 'n/../up', '%41', 'gone', ...many]);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(Array(3).fill('DELETE /object/docs'));
    const left = await database.query<{ name: string }>(
      "SELECT name FROM storage.objects WHERE bucket_id = 'docs' ORDER BY name",
    );
    expect(left.map(({ name }) => name).toSorted()).toEqual(['A', 'a/b']);
  });
});

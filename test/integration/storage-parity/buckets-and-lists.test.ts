// What test/helpers/storage-server has to answer like the real Storage API: buckets, lists, removal. Run it against a real one, after
// changes there or here, as test/helpers/storage-subject.ts tells.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure, openStorageSubject, type StorageSubject } from '../../helpers/storage-subject.ts';

let storage: StorageSubject;
beforeAll(async () => {
  storage = await openStorageSubject();
});
afterAll(() => storage.close());

const missingBucket = failure(404, 'Bucket not found', 'Bucket not found', 'NoSuchBucket');
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

async function put(bucket: string, ...names: string[]): Promise<void> {
  for (const name of names) {
    const headers = { 'content-type': 'text/plain' };
    expect((await storage.ask('POST', `/object/${bucket}/${encodeURI(name)}`, { body: name, headers })).status).toBe(200);
  }
}

test('a bucket from beginning to end', async () => {
  const id = await storage.createBucket({ public: true, file_size_limit: '1MB', allowed_mime_types: ['image/*'] });
  const duplicate = failure(409, 'Duplicate', 'The resource already exists', 'BucketAlreadyExists');
  expect(await storage.ask('POST', '/bucket', { body: { id, name: id } })).toMatchObject(duplicate);
  const limits = { public: true, file_size_limit: 1_000_000, allowed_mime_types: ['image/*'] };
  const described = { id, name: id, owner: '', ...limits, created_at: moment, updated_at: moment };
  expect((await storage.ask('GET', `/bucket/${id}`)).json).toEqual(described);
  const all = (await storage.ask('GET', '/bucket')).json as { id: string }[];
  expect(all.find((bucket) => bucket.id === id)).toEqual({ ...described, type: 'STANDARD' });
  const update = { public: false, file_size_limit: null, allowed_mime_types: null };
  expect(await storage.ask('PUT', `/bucket/${id}`, { body: update })).toMatchObject({
    status: 200,
    json: { message: 'Successfully updated' },
  });
  expect((await storage.ask('GET', `/bucket/${id}`)).json).toMatchObject(update);
  await put(id, 'a', 'b');
  const notEmpty = failure(409, 'ResourceNotEmpty', 'The bucket you tried to delete is not empty', 'ResourceNotEmpty');
  expect(await storage.ask('DELETE', `/bucket/${id}`)).toMatchObject(notEmpty);
  const queued = { message: 'Empty bucket has been queued. Completion may take up to an hour.' };
  expect(await storage.ask('POST', `/bucket/${id}/empty`)).toMatchObject({ status: 200, json: queued });
  await expect
    .poll(async () => (await storage.ask('DELETE', `/bucket/${id}`)).json)
    .toEqual({ message: 'Successfully deleted' });
  expect(await storage.ask('GET', `/bucket/${id}`)).toMatchObject(missingBucket);
  expect(await storage.ask('PUT', `/bucket/${id}`, { body: { public: true } })).toMatchObject(missingBucket);
  expect(await storage.ask('DELETE', `/bucket/${id}`)).toMatchObject(missingBucket);
});

test('buckets that are refused', async () => {
  const create = (body: object) => storage.ask('POST', '/bucket', { body });
  for (const name of ['a/b', ' parity', 'z'.repeat(101), 'parityé', 'parity--table-s3'])
    expect(await create({ name })).toMatchObject(failure(400, 'Invalid Input', 'Bucket name invalid', 'InvalidBucketName'));
  expect(await create({})).toMatchObject(failure(400, 'Error', "body must have required property 'name'", 'InvalidRequest'));
  expect(await create({ name: 'parity_x', file_size_limit: 524_288_001 })).toMatchObject({
    status: 400,
    json: { statusCode: '413' },
  });
  const wrongType = failure(415, 'invalid_mime_type', 'mime type nonsense is not supported', 'InvalidMimeType');
  expect(await create({ name: 'parity_x', allowed_mime_types: ['nonsense'] })).toMatchObject(wrongType);
});

test('an update that changes nothing', async () => {
  const id = await storage.createBucket();
  const answer = await storage.ask('PUT', `/bucket/${id}`, { body: {} });
  expect(answer).toMatchObject({ status: 400, json: { statusCode: '400', code: 'InvalidRequest' } });
});

test('a bucket and objects that SQL put there', async () => {
  const id = await storage.createBucket();
  await storage.ask('DELETE', `/bucket/${id}`);
  await storage.query('INSERT INTO storage.buckets (id, name) VALUES ($1, $1)', [id]);
  await put(id, 'first');
  await storage.query(
    `INSERT INTO storage.objects (id, bucket_id, name, version, metadata)
     SELECT gen_random_uuid(), $1, 'm/' || lpad(i::text, 5, '0'), gen_random_uuid()::text, '{"size":1}' FROM generate_series(1, 2100) AS i`,
    [id],
  );
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const answer = await storage.ask('POST', `/object/list-v2/${id}`, {
      body: { limit: 5000, ...(cursor === undefined ? {} : { cursor }) },
    });
    const page = answer.json as { objects: { name: string }[]; nextCursor?: string; hasNext: boolean; nextCursorKey?: string };
    pages.push(page.objects.map(({ name }) => name));
    cursor = page.nextCursor;
    expect(page.hasNext).toBe(cursor !== undefined);
    expect(page.nextCursorKey).toBe(page.hasNext ? pages.at(-1)!.at(-1) : undefined);
  } while (cursor !== undefined);
  expect(pages.map((page) => page.length)).toEqual([1000, 1000, 101]);
  expect(new Set(pages.flat()).size).toBe(2101);
  const names = pages.flat();
  expect(await storage.ask('DELETE', `/object/${id}`, { body: { prefixes: names.slice(0, 1500) } })).toMatchObject({
    status: 200,
  });
});

test('lists', async () => {
  const id = await storage.createBucket();
  await put(id, 'l/a', 'l/b/c', 'l/b/d', 'l/B', 'l/_x', 'z');
  const list = (body: object, key = storage.key) => storage.ask('POST', `/object/list-v2/${id}`, { body, key });
  const namesOf = (json: unknown) => (json as { objects: { name: string }[] }).objects.map(({ name }) => name);
  const whole = await list({});
  expect(namesOf(whole.json)).toEqual(['l/B', 'l/_x', 'l/a', 'l/b/c', 'l/b/d', 'z']);
  const [first] = (whole.json as { objects: object[] }).objects;
  const metadata = { size: 3, mimetype: 'text/plain' };
  expect(first).toMatchObject({ name: 'l/B', metadata, updated_at: moment, created_at: moment, last_accessed_at: moment });
  expect(Object.keys(first!).toSorted()).toEqual(['created_at', 'id', 'last_accessed_at', 'metadata', 'name', 'updated_at']);
  expect(whole.json).toMatchObject({ hasNext: false, folders: [] });
  expect(namesOf((await list({ prefix: 'l/_' })).json)).toEqual(['l/_x']);
  const page = await list({ prefix: 'l/', limit: 3 });
  expect(page.json).toMatchObject({ hasNext: true, nextCursor: Buffer.from('l:l/a').toString('base64'), nextCursorKey: 'l/a' });
  const next = await list({ prefix: 'l/', limit: 3, cursor: Buffer.from('l:l/a').toString('base64') });
  expect([namesOf(next.json), (next.json as { hasNext: boolean }).hasNext]).toEqual([['l/b/c', 'l/b/d'], false]);
  const delimited = await list({ prefix: 'l/', with_delimiter: true });
  const nothing = { id: null, updated_at: null, created_at: null, last_accessed_at: null, metadata: null };
  expect(delimited.json).toMatchObject({
    folders: [{ key: 'b', name: 'l/b/', ...nothing }],
    objects: [{ key: 'B' }, { key: '_x' }, { key: 'a' }],
  });
  const newest = await list({ limit: 2, sortBy: { column: 'created_at', order: 'desc' } });
  expect(namesOf(newest.json)).toEqual(['z', 'l/_x']);
  const more = await list({ limit: 3, cursor: (newest.json as { nextCursor: string }).nextCursor });
  expect(namesOf(more.json)).toEqual(['l/B', 'l/b/d', 'l/b/c']);
  expect(await list({ limit: 0 })).toMatchObject(failure(400, 'Error', 'body/limit must be >= 1', 'InvalidRequest'));
  const wrongCursor = failure(400, 'InvalidParameter', 'Invalid Parameter continuation token', 'InvalidParameter');
  expect(await list({ cursor: 'xx' })).toMatchObject(wrongCursor);
  const empty = { status: 200, json: { hasNext: false, folders: [], objects: [] } };
  expect(await storage.ask('POST', `/object/list-v2/${id}_none`, { body: {} })).toMatchObject(empty);
  expect(await list({}, storage.anonKey)).toMatchObject(empty);
  const folder = (await storage.ask('POST', `/object/list/${id}`, { body: { prefix: 'l' } })).json as {
    name: string;
    id: string | null;
  }[];
  expect(folder.map(({ name }) => name).toSorted()).toEqual(['B', '_x', 'a', 'b']);
  expect(folder.find(({ name }) => name === 'b')).toEqual({ name: 'b', ...nothing });
});

test('removal by names and by path', async () => {
  const id = await storage.createBucket();
  await put(id, 'a', 'b', 'c', 'd/e');
  const remove = (prefixes: string[], key = storage.key) => storage.ask('DELETE', `/object/${id}`, { body: { prefixes }, key });
  const row = (await storage.row(id, 'a'))!;
  const removed = await remove(['a', 'b', 'none', 'd', 'd/']);
  expect(removed.status).toBe(200);
  const records = (removed.json as { name: string }[]).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const described = { name: 'a', bucket_id: id, owner: '', owner_id: '', id: row.id, version: row.version, created_at: moment };
  expect(records).toMatchObject([described, { name: 'b' }]);
  expect(records[0]).toMatchObject({ metadata: row.metadata, user_metadata: {}, updated_at: moment, last_accessed_at: moment });
  expect(await remove(['none'])).toMatchObject({ status: 200, json: [] });
  expect(await remove(['c'], storage.anonKey)).toMatchObject({ status: 200, json: [] });
  expect(await remove([])).toMatchObject(
    failure(400, 'Error', 'body/prefixes must NOT have fewer than 1 items', 'InvalidRequest'),
  );
  expect(await storage.ask('DELETE', `/object/${id}_none`, { body: { prefixes: ['x'] } })).toMatchObject({
    status: 200,
    json: [],
  });
  expect(await storage.ask('DELETE', `/object/${id}/c`)).toMatchObject({
    status: 200,
    json: { message: 'Successfully deleted' },
  });
  const missing = failure(404, 'not_found', 'Object not found', 'NoSuchKey');
  expect(await storage.ask('DELETE', `/object/${id}/c`)).toMatchObject(missing);
  expect(await storage.ask('GET', `/object/authenticated/${id}/c`)).toMatchObject(missing);
});

// What test/helpers/storage-server has to answer like the real Storage API: downloads and keys. Run it against a real one, after
// changes there or here, as test/helpers/storage-subject.ts tells.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure, openStorageBuckets, sampleText as text, type StorageBuckets } from '../../helpers/storage-subject.ts';

const digest = `"${createHash('md5').update(text).digest('hex')}"`;

let storage: StorageBuckets['storage'];
let docs: string;
let pictures: string;
let upload: StorageBuckets['upload'];
beforeAll(async () => {
  const limits = { public: true, allowed_mime_types: ['image/*', 'text/plain'] };
  ({ storage, docs, pictures, upload } = await openStorageBuckets(limits));
});
afterAll(() => storage.close());

const missingObject = failure(404, 'not_found', 'Object not found', 'NoSuchKey');
const missingBucket = failure(404, 'Bucket not found', 'Bucket not found', 'NoSuchBucket');
const refused = (message: string) => failure(403, 'Unauthorized', message, 'AccessDenied');

test('a download, by each of its routes', async () => {
  await upload('down', { 'cache-control': 'max-age=9' });
  for (const route of [`authenticated/${docs}`, docs]) {
    const got = await storage.ask('GET', `/object/${route}/down`);
    expect([got.status, got.text]).toEqual([200, text]);
    expect(got.headers).toMatchObject({
      'accept-ranges': 'bytes',
      'content-type': 'text/plain',
      'cache-control': 'max-age=9',
      'content-length': String(text.length),
      etag: digest,
      'x-robots-tag': 'none',
    });
    expect(Date.parse(got.headers['last-modified']!)).toBeGreaterThan(Date.now() - 60_000);
    const head = await storage.ask('HEAD', `/object/${route}/down`);
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(text.length), etag: digest } });
  }
  const { json, headers } = await storage.ask('GET', `/object/info/authenticated/${docs}/down`);
  const row = (await storage.row(docs, 'down'))!;
  expect(json).toMatchObject({
    id: row.id,
    name: 'down',
    version: row.version,
    bucket_id: docs,
    size: text.length,
    etag: digest,
    metadata: {},
  });
  expect(json).toMatchObject({ content_type: 'text/plain', cache_control: 'max-age=9' });
  expect(headers).toMatchObject({
    etag: digest,
    'cache-control': 'max-age=9',
    'content-type': 'application/json; charset=utf-8',
  });
  const byPublicRoute = await storage.ask('GET', `/object/public/${docs}/down`, { key: null });
  expect(byPublicRoute).toMatchObject(missingBucket);
  await storage.ask('POST', `/object/${pictures}/p`, { body: 'x', headers: { 'content-type': 'text/plain' } });
  expect(await storage.ask('GET', `/object/public/${pictures}/p`, { key: null })).toMatchObject({ status: 200, text: 'x' });
  expect((await storage.row(docs, 'down'))!.last_accessed_at).toBe(row.last_accessed_at);
});

test('parts of an object', async () => {
  await upload('range');
  await upload('nothing', {}, '');
  const get = (headers: Record<string, string>, name = 'range') =>
    storage.ask('GET', `/object/authenticated/${docs}/${name}`, { headers });
  for (const [range, from, to] of [
    ['bytes=0-4', 0, 4],
    ['bytes=7-', 7, 14],
    ['bytes=-3', 12, 14],
    ['bytes=5-5000', 5, 14],
    ['bytes=-5000', 0, 14],
  ] as const) {
    const got = await get({ range, 'if-range': '"another"' });
    expect([got.status, got.headers['content-range'], got.text]).toEqual([
      206,
      `bytes ${from}-${to}/15`,
      text.slice(from, to + 1),
    ]);
  }
  for (const range of ['bytes=15-', 'bytes=9-2', 'bytes=0-1,3-4', 'items=0-1', 'bytes=abc'])
    expect(await get({ range })).toMatchObject(failure(416, 'invalid_range', 'invalid range provided', 'InvalidRange'));
  expect((await get({ range: 'bytes=0-' }, 'nothing')).status).toBe(416);
  expect(await get({ 'if-none-match': digest })).toMatchObject({ status: 304, headers: { etag: digest } });
  const other = await get({ 'if-none-match': '"x"' });
  expect(other).toMatchObject({ status: 200, headers: { 'cache-control': 'no-cache, stale-while-revalidate=30' } });
});

test('downloads of what is not there', async () => {
  for (const route of [`authenticated/${docs}`, docs, `info/${docs}`, `info/authenticated/${docs}`]) {
    expect(await storage.ask('GET', `/object/${route}/none`)).toMatchObject(missingObject);
    expect(await storage.ask('HEAD', `/object/${route}/none`)).toMatchObject({
      status: 400,
      headers: { 'content-length': '88' },
    });
  }
  expect(await storage.ask('GET', `/object/authenticated/${docs}_none/x`)).toMatchObject(missingBucket);
  expect(await storage.ask('GET', '/nothing')).toMatchObject({
    status: 404,
    json: { message: 'Route GET:/nothing not found', statusCode: 404 },
  });
});

test('keys', async () => {
  await upload('key');
  const get = (path: string, key: string | null) => storage.ask('GET', path, { key });
  const missing = failure(400, 'Error', "headers must have required property 'authorization'", 'InvalidRequest');
  expect(await get('/bucket', null)).toMatchObject(missing);
  expect(await get('/bucket', 'nonsense')).toMatchObject(refused('Invalid Compact JWS'));
  expect(await get('/bucket', 'sb_secret_abcdefghijklmnopqrstuv_12345678')).toMatchObject(refused('Invalid Compact JWS'));
  expect(await get('/bucket', `${storage.key.slice(0, -4)}AAAA`)).toMatchObject(refused('signature verification failed'));
  expect(await get(`/object/authenticated/${docs}/key`, 'nonsense')).toMatchObject(refused('Invalid Compact JWS'));
  expect(await get(`/object/info/authenticated/${docs}/key`, 'nonsense')).toMatchObject(refused('Invalid Compact JWS'));
  // These let any key pass, and then show it nothing.
  expect(await get(`/object/${docs}/key`, 'nonsense')).toMatchObject(missingBucket);
  expect(await get(`/object/info/${docs}/key`, 'nonsense')).toMatchObject(missingBucket);
  expect(await get(`/object/authenticated/${docs}/key`, storage.anonKey)).toMatchObject(missingObject);
  expect(await get('/bucket', storage.anonKey)).toMatchObject({ status: 200, json: [] });
  const anonymous = { key: storage.anonKey, body: 'x', headers: { 'content-type': 'text/plain' } };
  const policy = refused('new row violates row-level security policy');
  expect(await storage.ask('POST', `/object/${docs}/anon`, anonymous)).toMatchObject(policy);
});

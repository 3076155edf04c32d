// What test/helpers/storage-server has to answer like the real Storage API: uploads, downloads, rows. Run it against a real one, after
// changes there or here, as test/helpers/storage-subject.ts tells.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStorageSubject, type StorageSubject } from '../../helpers/storage-subject.ts';

const text = 'hello, storage\n';
const digest = `"${createHash('md5').update(text).digest('hex')}"`;
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/) as string;
const encodeMetadata = (value: string) => ({ 'x-metadata': Buffer.from(value).toString('base64') });

let storage: StorageSubject;
let docs: string;
let pictures: string;
beforeAll(async () => {
  storage = await openStorageSubject();
  docs = await storage.createBucket({ file_size_limit: 20_000_000 });
  pictures = await storage.createBucket({
    public: true,
    file_size_limit: 1_000_000,
    allowed_mime_types: ['image/*', 'text/plain'],
  });
});
afterAll(() => storage.close());

function upload(name: string, headers: Record<string, string> = {}, body: string | Buffer = text) {
  return storage.ask('POST', `/object/${docs}/${name}`, { body, headers: { 'content-type': 'text/plain', ...headers } });
}

const failure = (statusCode: number, error: string, message: string, code: string) => ({
  status: statusCode === 416 || statusCode === 500 ? statusCode : 400,
  json: { statusCode: String(statusCode), error, message, code },
});
const missingObject = failure(404, 'not_found', 'Object not found', 'NoSuchKey');
const missingBucket = failure(404, 'Bucket not found', 'Bucket not found', 'NoSuchBucket');
const invalidKey = (name: string) => failure(400, 'InvalidKey', `Invalid key: ${name}`, 'InvalidKey');
const refused = (message: string) => failure(403, 'Unauthorized', message, 'AccessDenied');

test('an upload, its row, and another one in its place', async () => {
  const headers = {
    'cache-control': 'max-age=60',
    'content-type': 'text/plain;charset=utf-8',
    ...encodeMetadata('{"a":"Zoë"}'),
  };
  const uploaded = await upload('a/first.txt', headers);
  expect(uploaded).toMatchObject({ status: 200, json: { Key: `${docs}/a/first.txt`, Id: uuid } });
  const first = await storage.row(docs, 'a/first.txt');
  expect(first).toMatchObject({ version: uuid, user_metadata: { a: 'Zoë' }, owner: null, owner_id: null });
  expect(first!.metadata).toEqual({
    eTag: digest,
    size: text.length,
    mimetype: 'text/plain;charset=utf-8',
    cacheControl: 'max-age=60',
    lastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    contentLength: text.length,
    httpStatusCode: 200,
  });
  expect(await upload('a/first.txt')).toMatchObject(
    failure(409, 'Duplicate', 'The resource already exists', 'KeyAlreadyExists'),
  );
  expect((await upload('a/first.txt', { 'x-upsert': 'true' }, 'x')).status).toBe(200);
  const second = await storage.row(docs, 'a/first.txt');
  const { id, created_at, last_accessed_at } = first!;
  expect(second).toMatchObject({
    id,
    created_at,
    last_accessed_at,
    user_metadata: {},
    metadata: { size: 1, cacheControl: 'no-cache' },
  });
  expect(second!.version).not.toBe(first!.version);
  expect(second!.updated_at > first!.updated_at).toBe(true);
});

test('what stands beside the bytes of an upload', async () => {
  await upload('cc', { 'cache-control': '3600', 'content-type': 'TEXT/Html; charset=UTF-8', 'x-robots-tag': 'noindex' });
  expect((await storage.row(docs, 'cc'))!.metadata).toMatchObject({
    cacheControl: '3600',
    mimetype: 'TEXT/Html; charset=UTF-8',
    xRobotsTag: 'noindex',
  });
  expect((await storage.ask('PUT', `/object/${docs}/empty`, { body: '' })).status).toBe(200);
  expect((await storage.row(docs, 'empty'))!.metadata).toMatchObject({ size: 0, mimetype: 'application/octet-stream' });
  for (const [sent, kept] of [
    ['null', {}],
    ['7', {}],
    ['{"a":', {}],
    ['{"big":12345678901234567890,"f":1.10}', { big: 12_345_678_901_234_567_000, f: 1.1 }],
  ] as const) {
    await upload('um', { 'x-upsert': 'true', ...encodeMetadata(sent) });
    expect([sent, (await storage.row(docs, 'um'))!.user_metadata]).toEqual([sent, kept]);
  }
  const refusedText = failure(400, 'InvalidParameter', 'invalid input syntax for type json', 'InvalidParameter');
  expect(await upload('um2', encodeMetadata('[1,2]'))).toMatchObject(refusedText);
  expect(await upload('um2', encodeMetadata('"text"'))).toMatchObject(refusedText);
});

test('uploads that are refused', async () => {
  const into = (path: string, type: string, body: string | Buffer = 'x') =>
    storage.ask('POST', `/object/${path}`, { body, headers: { 'content-type': type } });
  const wrongType = (message: string) => failure(415, 'invalid_mime_type', message, 'InvalidMimeType');
  expect(await into(`${docs}_none/x`, 'text/plain')).toMatchObject(missingBucket);
  expect(await into(`${pictures}/x`, 'application/pdf')).toMatchObject(wrongType('mime type application/pdf is not supported'));
  expect(await into(`${pictures}/x`, 'text/plain;charset=utf-8')).toMatchObject({ status: 400, json: { statusCode: '415' } });
  expect(await into(`${pictures}/x`, 'image/svg+xml')).toMatchObject({ status: 200 });
  expect(await into(`${docs}/x`, 'nonsense')).toMatchObject(wrongType('Invalid Content-Type header'));
  const tooLarge = failure(413, 'Payload too large', 'The object exceeded the maximum allowed size', 'EntityTooLarge');
  expect(await into(`${pictures}/big`, 'image/png', Buffer.alloc(1_000_001))).toMatchObject(tooLarge);
  expect(await into(`${pictures}/max`, 'image/png', Buffer.alloc(1_000_000))).toMatchObject({ status: 200 });
  expect(await storage.row(pictures, 'big')).toBeUndefined();
});

test('names', async () => {
  const encode = (name: string) => name.split('/').map(encodeURIComponent).join('/');
  for (const name of [
    'n//double',
    'n/trail/',
    '/lead',
    '//lead2',
    'n/..x',
    ' sp ace ',
    'q?.txt',
    'pl+us',
    "!-.*'()&$=@;:,",
    'x'.repeat(255),
  ]) {
    expect(await upload(encode(name), { 'x-upsert': 'true' }, name)).toMatchObject({
      status: 200,
      json: { Key: `${docs}/${name}` },
    });
    const got = await storage.ask('GET', `/object/authenticated/${docs}/${encode(name)}`);
    expect([got.status, got.text]).toEqual([200, name]);
  }
  for (const name of ['é', '#', '%', '\\', '"', '[', '{', '~', '|', '<', '^', '`', '\t', '\n', '😀']) {
    expect(await upload(encode(name))).toMatchObject(invalidKey(name));
    expect(await storage.ask('GET', `/object/authenticated/${docs}/${encode(name)}`)).toMatchObject(invalidKey(name));
  }
  const dots = await upload('n/./dot');
  expect(dots).toMatchObject({ status: 400, json: { code: 'InvalidKey' } });
  expect((dots.json as { message: string }).message).toContain('contains dot path segment');
  expect((await upload('x'.repeat(256))).status).toBe(500);
  expect(await upload('enc%zz')).toMatchObject({ status: 400, json: { code: 'FST_ERR_BAD_URL', statusCode: 400 } });
  expect(await upload('')).toMatchObject(invalidKey(''));
  expect(await upload('enc%2Fslash')).toMatchObject({ status: 200, json: { Key: `${docs}/enc/slash` } });
});

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

test('a row without bytes, as SQL restores it', async () => {
  const insert = (name: string, version: string | null) =>
    storage.query(
      `INSERT INTO storage.objects (id, bucket_id, name, version, metadata, user_metadata, created_at, updated_at, last_accessed_at)
       VALUES (gen_random_uuid(), $1, $2, $3, '{"eTag":"\\"0\\"","size":3,"mimetype":"text/plain"}', '{"k":1}', '2020-01-01', '2020-01-01', '2020-01-01')`,
      [docs, name, version],
    );
  await insert('restored', 'v1');
  const internal = failure(500, 'Internal', 'Internal Server Error', 'InternalError');
  expect(await storage.ask('GET', `/object/authenticated/${docs}/restored`)).toMatchObject(internal);
  expect((await storage.ask('HEAD', `/object/authenticated/${docs}/restored`)).status).toBe(200);
  expect(await upload('restored')).toMatchObject({ status: 400, json: { statusCode: '409' } });
  expect((await upload('restored', { 'x-upsert': 'true' })).status).toBe(200);
  expect(await storage.ask('GET', `/object/authenticated/${docs}/restored`)).toMatchObject({ status: 200, text });
  expect((await storage.row(docs, 'restored'))!.created_at).toContain('2020-01-01');
  // Without a version, the service removes what it has just stored as the version before.
  await insert('old', null);
  expect((await upload('old', { 'x-upsert': 'true' })).status).toBe(200);
  expect(await storage.ask('GET', `/object/authenticated/${docs}/old`)).toMatchObject(internal);
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

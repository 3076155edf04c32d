// What test/helpers/storage-server has to answer like the real Storage API: uploads, their rows, names. Run it against a real one, after
// changes there or here, as test/helpers/storage-subject.ts tells.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure, openStorageBuckets, sampleText as text, type StorageBuckets } from '../../helpers/storage-subject.ts';

const digest = `"${createHash('md5').update(text).digest('hex')}"`;
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/) as string;
const encodeMetadata = (value: string) => ({ 'x-metadata': Buffer.from(value).toString('base64') });

let storage: StorageBuckets['storage'];
let docs: string;
let pictures: string;
let upload: StorageBuckets['upload'];
beforeAll(async () => {
  const limits = { public: true, allowed_mime_types: ['image/*', 'text/plain'] };
  ({ storage, docs, pictures, upload } = await openStorageBuckets(limits));
});
afterAll(() => storage.close());

const missingBucket = failure(404, 'Bucket not found', 'Bucket not found', 'NoSuchBucket');
const invalidKey = (name: string) => failure(400, 'InvalidKey', `Invalid key: ${name}`, 'InvalidKey');

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

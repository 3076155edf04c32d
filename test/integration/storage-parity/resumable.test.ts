// What test/helpers/storage-server has to answer like the real Storage API: uploads in parts (TUS). Run it against a real one, after
// changes there or here, as test/helpers/storage-subject.ts tells.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStorageBuckets, type Answer, type StorageSubject } from '../../helpers/storage-subject.ts';

let storage: StorageSubject;
let docs: string;
let pictures: string;
beforeAll(async () => {
  ({ storage, docs, pictures } = await openStorageBuckets({ allowed_mime_types: ['image/*'] }));
});
afterAll(() => storage.close());

const protocol = { 'tus-resumable': '1.0.0' };
const part = { ...protocol, 'content-type': 'application/offset+octet-stream' };

function create(name: string, length: number, metadata: Record<string, string> = {}, headers: Record<string, string> = {}) {
  const pairs = Object.entries({ bucketName: docs, objectName: name, ...metadata });
  const encoded = pairs.map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`).join(',');
  const told = { ...protocol, 'upload-length': String(length), 'upload-metadata': encoded, ...headers };
  return storage.ask('POST', '/upload/resumable', { headers: told });
}

function send(path: string, offset: number, body: string | Buffer, headers: Record<string, string> = {}) {
  return storage.ask('PATCH', path, { body, headers: { ...part, 'upload-offset': String(offset), ...headers } });
}

const pathOf = ({ headers }: Answer) => headers.location!.slice(`${storage.url}/storage/v1`.length);
const head = (path: string) => storage.ask('HEAD', path, { headers: protocol });

/** Whole, in one part. */
async function upload(name: string, body: string, metadata: Record<string, string> = {}, headers: Record<string, string> = {}) {
  const created = await create(name, body.length, metadata, headers);
  return created.status === 201 ? send(pathOf(created), 0, body, headers) : created;
}

const conflict = { status: 409, text: 'The resource already exists' };

test('an upload in parts, and its row', async () => {
  const bytes = randomBytes(700_000);
  const metadata = { contentType: 'image/png', cacheControl: '3600', metadata: '{"by":"tus"}' };
  const created = await create('parts', bytes.length, metadata);
  expect(created).toMatchObject({ status: 201, headers: protocol });
  const path = pathOf(created);
  const id = Buffer.from(path.split('/').at(-1)!, 'base64url').toString();
  expect(id.startsWith(`${docs}/parts/`)).toBe(true);
  const first = await send(path, 0, bytes.subarray(0, 699_000));
  expect(first).toMatchObject({ status: 204, headers: { 'upload-offset': '699000' } });
  expect(await storage.row(docs, 'parts')).toBeUndefined();
  const asked = await head(path);
  expect(asked).toMatchObject({
    status: 200,
    headers: { 'upload-offset': '699000', 'upload-length': '700000', 'cache-control': 'no-store' },
  });
  expect(asked.headers['upload-metadata']).toContain(`cacheControl ${Buffer.from('max-age=3600').toString('base64')}`);
  // Short bodies: the service closes the connection when it refuses a part, and one still being sent may only see that.
  expect(await send(path, 1, 'x')).toMatchObject({ status: 409, text: 'Upload-Offset conflict\n' });
  expect(await send(path, 699_000, Buffer.alloc(1001))).toMatchObject({ status: 413, text: "upload's size exceeded\n" });
  const last = await send(path, 699_000, bytes.subarray(699_000));
  expect(last).toMatchObject({ status: 204, headers: { 'upload-offset': '700000', 'tus-complete': '1' } });
  const row = await storage.row(docs, 'parts');
  const stored = { size: 700_000, mimetype: 'image/png', cacheControl: 'max-age=3600' };
  expect(row).toMatchObject({ version: id.split('/').at(-1), user_metadata: { by: 'tus' }, metadata: stored });
  expect((await storage.ask('GET', `/object/authenticated/${docs}/parts`)).bytes.equals(bytes)).toBe(true);
  expect(await head(path)).toMatchObject({ status: 200, headers: { 'upload-offset': '700000' } });
  expect(await send(path, 700_000, '')).toMatchObject(conflict);
  expect(await storage.ask('DELETE', path, { headers: protocol })).toMatchObject(conflict);
});

test('what stands beside the bytes', async () => {
  for (const [sent, kept] of [
    ['0', 'max-age=0'],
    ['max-age=60', 'no-cache'],
    ['no-store', 'no-cache'],
    ['', 'no-cache'],
  ] as const) {
    expect((await upload('cc', 'x', { cacheControl: sent }, { 'x-upsert': 'true' })).status).toBe(204);
    expect([sent, (await storage.row(docs, 'cc'))!.metadata['cacheControl']]).toEqual([sent, kept]);
  }
  expect(await storage.row(docs, 'cc')).toMatchObject({
    user_metadata: null,
    metadata: { mimetype: 'application/octet-stream' },
  });
  await upload('um', 'x', { metadata: '{"k":1}' });
  expect((await upload('um', 'y', {}, { 'x-upsert': 'true' })).status).toBe(204);
  expect((await storage.row(docs, 'um'))!.user_metadata).toEqual({ k: 1 });
  expect((await upload('um1', 'x', { metadata: '{"a":' })).status).toBe(204);
  expect((await storage.row(docs, 'um1'))!.user_metadata).toBeNull();
  expect(await upload('um2', 'x', { metadata: '[1,2]' })).toMatchObject({
    status: 400,
    text: 'invalid input syntax for type json',
  });
});

test('an upload of nothing, and one with its bytes', async () => {
  const nothing = await create('nothing', 0, { contentType: 'text/plain' });
  expect(nothing).toMatchObject({ status: 201, headers: { 'tus-complete': '1' } });
  expect((await storage.row(docs, 'nothing'))!.metadata).toMatchObject({ size: 0, mimetype: 'text/plain' });
  expect(await send(pathOf(nothing), 0, '')).toMatchObject(conflict);
  const encode = (value: string) => Buffer.from(value).toString('base64');
  const told = { 'upload-length': '3', 'upload-metadata': `bucketName ${encode(docs)},objectName ${encode('at-once')}` };
  const atOnce = await storage.ask('POST', '/upload/resumable', { headers: { ...part, ...told }, body: 'abc' });
  expect(atOnce).toMatchObject({ status: 201, headers: { 'tus-complete': '1', 'upload-offset': '3' } });
  expect((await storage.ask('GET', `/object/authenticated/${docs}/at-once`)).text).toBe('abc');
});

test('an upload over one that is there', async () => {
  await upload('over', 'one');
  expect(await upload('over', 'two')).toMatchObject(conflict);
  const created = await create('over', 3, {}, { 'x-upsert': 'true' });
  expect(await send(pathOf(created), 0, 'two')).toMatchObject(conflict);
  expect((await send(pathOf(created), 0, 'two', { 'x-upsert': 'true' })).status).toBe(204);
  expect((await storage.ask('GET', `/object/authenticated/${docs}/over`)).text).toBe('two');
});

test('an upload that is broken off, goes on, or is given up', async () => {
  const bytes = randomBytes(3_000_000);
  const path = pathOf(await create('cut', bytes.length));
  await sendCut(path, bytes, 1_000_000);
  await expect.poll(async () => Number((await head(path)).headers['upload-offset'])).toBeGreaterThan(0);
  const offset = Number((await head(path)).headers['upload-offset']);
  expect((await send(path, offset, bytes.subarray(offset))).status).toBe(204);
  expect((await storage.ask('GET', `/object/authenticated/${docs}/cut`)).bytes.equals(bytes)).toBe(true);
  const other = pathOf(await create('given-up', 6));
  await send(other, 0, 'abc');
  expect((await storage.ask('DELETE', other, { headers: protocol })).status).toBe(204);
  expect((await head(other)).status).toBe(404);
  expect(await send(other, 3, 'def')).toMatchObject({ status: 404, text: 'The file for this url was not found\n' });
});

/** The head of a request with all of `bytes`, the first of them, and no more. */
async function sendCut(path: string, bytes: Buffer, sent: number): Promise<void> {
  const { hostname, port } = new URL(storage.url);
  const headers = {
    host: `${hostname}:${port}`,
    authorization: `Bearer ${storage.key}`,
    ...part,
    'upload-offset': 0,
    'content-length': bytes.length,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(Number(port), hostname)
    .on('error', reject)
    .on('close', () => resolve());
  socket.write(`PATCH /storage/v1${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  socket.write(bytes.subarray(0, sent), () => socket.destroy());
  await promise;
}

test('uploads in parts that are refused', async () => {
  expect(await upload('x.pdf', 'x', { bucketName: pictures, contentType: 'application/pdf' })).toMatchObject({
    status: 415,
    text: 'mime type application/pdf is not supported',
  });
  expect((await upload('x', 'x', { bucketName: pictures })).status).toBe(204);
  const big = await create('big', 1_000_001, { bucketName: pictures, contentType: 'image/png' });
  expect(big).toMatchObject({ status: 413, text: 'Maximum size exceeded\n' });
  expect(await create('x', 1, { bucketName: `${docs}_none` })).toMatchObject({ status: 404, text: 'Bucket not found' });
  expect(await create('é', 1)).toMatchObject({ status: 400, text: 'Invalid key: é' });
  expect(await create('', 1)).toMatchObject({ status: 400, text: 'Invalid key: ' });
  const ask = (headers: Record<string, string>, key = storage.key) =>
    storage.ask('POST', '/upload/resumable', { headers, key });
  expect(await ask({ ...protocol, 'upload-length': '1' })).toMatchObject({ status: 400, text: 'Metadata header is required' });
  expect(await ask({ 'upload-length': '1' })).toMatchObject({ status: 412, text: 'Tus-Resumable Required\n' });
  expect(await ask({ ...protocol, 'upload-length': '1' }, 'nonsense')).toMatchObject({
    status: 400,
    json: { statusCode: '403' },
  });
  const metadata = { 'upload-metadata': `bucketName ${Buffer.from(docs).toString('base64')},objectName eA==` };
  expect(await ask({ ...protocol, 'upload-length': '1', ...metadata }, storage.anonKey)).toMatchObject({
    status: 403,
    text: 'new row violates row-level security policy',
  });
});

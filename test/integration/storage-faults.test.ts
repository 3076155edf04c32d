// The faults that the Storage server of the tests can be told to show: each has to look to a client like what it is named after.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import type { FaultEffect } from '../helpers/storage-server/faults.ts';
import { startStorageServer, type StorageServer } from '../helpers/storage-server/server.ts';

let database: TestDatabase;
let server: StorageServer;
beforeAll(async () => {
  database = await createTestDatabase({ template: 'supabase' });
  server = await startStorageServer({ database: database.config });
});
afterAll(async () => {
  await server.close();
  await database.drop();
});
beforeEach(async () => {
  server.faults.clear();
  await server.putObject('docs', 'x', Buffer.alloc(200_000, 'x'));
});

const address = (path: string) => (path.startsWith('http') ? path : `${server.url}/storage/v1${path}`);

function ask(method: string, path: string, options: { headers?: object; body?: string | Buffer; signal?: AbortSignal } = {}) {
  const headers = { authorization: `Bearer ${server.serviceKey}`, ...options.headers } as Record<string, string>;
  const { body, signal } = options;
  const content = body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) };
  return fetch(address(path), { method, headers, ...content, ...(signal === undefined ? {} : { signal }) });
}

const object = '/object/authenticated/docs/x';

/** A whole answer, or `broken` where it or its body did not come whole. */
async function receive(path = object): Promise<{ status: number; bytes: number } | 'broken'> {
  try {
    const response = await ask('GET', path);
    return { status: response.status, bytes: (await response.arrayBuffer()).byteLength };
  } catch {
    return 'broken';
  }
}

test.for<[FaultEffect, { status: number; bytes?: number } | 'broken']>([
  [{ kind: 'status', status: 429 }, { status: 429 }],
  [{ kind: 'status', status: 500 }, { status: 500 }],
  [{ kind: 'status', status: 502 }, { status: 502 }],
  [{ kind: 'status', status: 504 }, { status: 504 }],
  [{ kind: 'refuse' }, { status: 400 }],
  [{ kind: 'refuse', status: 401 }, { status: 401 }],
  [{ kind: 'refuse', status: 403 }, { status: 403 }],
  [{ kind: 'html' }, { status: 200, bytes: 124 }],
  [{ kind: 'reset' }, 'broken'],
  [{ kind: 'reset', afterBytes: 150_000 }, 'broken'],
  [{ kind: 'lost-answer' }, 'broken'],
  [{ kind: 'short', missingBytes: 1 }, 'broken'],
  [
    { kind: 'wrong-length', bytes: 150_000 },
    { status: 200, bytes: 150_000 },
  ],
  [
    { kind: 'wrong-length', bytes: 250_000 },
    { status: 200, bytes: 250_000 },
  ],
  [
    { kind: 'slow', pieceBytes: 50_000, everyMs: 5 },
    { status: 200, bytes: 200_000 },
  ],
])('a download under %j', async ([effect, expected]) => {
  const fault = server.faults.add({ effect });
  const received = await receive();
  if (expected === 'broken') expect(received).toBe('broken');
  else expect(received).toMatchObject(expected);
  expect([fault.struck, server.requests.at(-1)!.fault]).toEqual([1, effect.kind]);
});

test('what an answer says beside its status', async () => {
  server.faults.add({ effect: { kind: 'status', status: 429, retryAfter: 7 }, times: 1 });
  const busy = await ask('GET', object);
  expect([busy.headers.get('retry-after'), busy.headers.get('content-type')]).toEqual(['7', 'application/json; charset=utf-8']);
  expect(await busy.json()).toMatchObject({ statusCode: '429' });
  const retryAfter = new Date('2026-01-02T03:04:05Z');
  server.faults.add({ effect: { kind: 'status', status: 504, retryAfter }, times: 1 });
  const late = await ask('GET', object);
  expect([late.headers.get('retry-after'), late.headers.get('content-type')]).toEqual([
    'Fri, 02 Jan 2026 03:04:05 GMT',
    'text/html',
  ]);
  expect(await late.text()).toContain('504 Gateway Time-out');
});

test('one byte is another, and no more', async () => {
  server.faults.add({ effect: { kind: 'corrupt' } });
  const bytes = Buffer.from(await (await ask('GET', object)).arrayBuffer());
  expect([bytes.length, bytes[0] === 'x'.codePointAt(0), bytes.subarray(1).equals(Buffer.alloc(199_999, 'x'))]).toEqual([
    200_000,
    false,
    true,
  ]);
});

test('hangs, before an answer and in the middle of a body', async () => {
  server.faults.add({ effect: { kind: 'hang' }, times: 1 });
  await expect(ask('GET', object, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
  server.faults.add({ effect: { kind: 'hang', afterBytes: 1000 }, times: 1 });
  const abort = new AbortController();
  const reader = (await ask('GET', object, { signal: abort.signal })).body!.getReader();
  expect((await reader.read()).value).toHaveLength(1000);
  const rest = reader.read();
  abort.abort();
  await expect(rest).rejects.toThrow('abort');
  expect(await receive()).toEqual({ status: 200, bytes: 200_000 });
});

test('a fault strikes the requests it is for', async () => {
  await server.putObject('docs', 'y', 'y');
  await server.putObject('other', 'x', 'x');
  const effect = { kind: 'status', status: 503 } as const;
  server.faults.add({ effect, method: 'GET', bucket: 'docs', name: /^x$/, after: 1, times: 2 });
  const statuses = async (path: string, count: number) => {
    const found: number[] = [];
    for (let i = 0; i < count; i += 1) found.push((await ask('GET', path)).status);
    return found;
  };
  expect(await statuses(object, 5)).toEqual([200, 503, 503, 200, 200]);
  expect(await statuses('/object/authenticated/docs/y', 2)).toEqual([200, 200]);
  expect(await statuses('/object/authenticated/other/x', 2)).toEqual([200, 200]);
  server.faults.add({ effect, path: /^\/object\/list-v2\// });
  const headers = { 'content-type': 'application/json' };
  expect((await ask('POST', '/object/list-v2/docs', { headers, body: '{}' })).status).toBe(503);
  expect((await ask('GET', '/bucket')).status).toBe(200);
});

test('chance depends on the seed', async () => {
  const draw = async (seed: number) => {
    const fault = server.faults.add({ effect: { kind: 'status', status: 500 }, probability: 0.5, seed });
    const found: number[] = [];
    for (let i = 0; i < 20; i += 1) found.push((await ask('GET', '/bucket/docs')).status);
    fault.remove();
    return found.join(' ');
  };
  const first = await draw(1);
  expect(first).toContain('200');
  expect(first).toContain('500');
  expect(await draw(1)).toBe(first);
  expect(await draw(2)).not.toBe(first);
});

test('keys end in the middle', async () => {
  expect((await ask('GET', '/bucket')).status).toBe(200);
  const expired = server.faults.expireKeys();
  expect(await (await ask('GET', object)).json()).toMatchObject({ statusCode: '403', code: 'AccessDenied' });
  // As with any wrong key: this route lets it pass, and shows it nothing.
  expect(await (await ask('GET', '/object/docs/x')).json()).toMatchObject({ statusCode: '404', code: 'NoSuchBucket' });
  expired.remove();
  server.faults.expireKeys(401);
  expect((await ask('GET', '/object/docs/x')).status).toBe(401);
});

test('an upload that breaks off leaves nothing, one whose answer is lost is there', async () => {
  const upload = (name: string) => ask('POST', `/object/docs/${name}`, { body: Buffer.alloc(500_000, 'b') });
  server.faults.add({ effect: { kind: 'reset', afterBytes: 100_000 }, name: /^broken$/ });
  await expect(upload('broken')).rejects.toThrow('fetch failed');
  await expect(server.bytesOf('docs', 'broken')).rejects.toThrow('There is no object');
  server.faults.add({ effect: { kind: 'lost-answer' }, method: ['POST', 'DELETE'], name: /^lost$/ });
  await expect(upload('lost')).rejects.toThrow('fetch failed');
  expect(await server.bytesOf('docs', 'lost')).toHaveLength(500_000);
  await expect(ask('DELETE', '/object/docs/lost')).rejects.toThrow('fetch failed');
  await expect(server.bytesOf('docs', 'lost')).rejects.toThrow('There is no object');
});

test('an upload in parts goes on after a reset', async () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  const encode = (value: string) => Buffer.from(value).toString('base64');
  const protocol = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };
  const metadata = `bucketName ${encode('docs')},objectName ${encode('parts')}`;
  const told = { 'tus-resumable': '1.0.0', 'upload-length': '300000', 'upload-metadata': metadata, 'x-upsert': 'true' };
  const created = await ask('POST', '/upload/resumable', { headers: told });
  const location = created.headers.get('location')!;
  server.faults.add({ effect: { kind: 'reset', afterBytes: 100_000 }, method: 'PATCH', name: /^parts$/, times: 1 });
  const send = (offset: number) => {
    const headers = { ...protocol, 'upload-offset': String(offset), 'x-upsert': 'true' };
    return ask('PATCH', location, { headers, body: bytes.subarray(offset) });
  };
  await expect(send(0)).rejects.toThrow('fetch failed');
  const told2 = await ask('HEAD', location, { headers: protocol });
  expect(told2.headers.get('upload-offset')).toBe('100000');
  expect((await send(100_000)).status).toBe(204);
  expect((await server.bytesOf('docs', 'parts')).equals(bytes)).toBe(true);
});

test('something else happens just before a request is served', async () => {
  const action = () => server.putObject('docs', 'x', 'another');
  server.faults.add({ effect: { kind: 'meanwhile', action }, method: 'GET', times: 1 });
  expect(await receive()).toEqual({ status: 200, bytes: 7 });
  server.faults.add({ effect: { kind: 'delay', ms: 50 }, method: 'GET' });
  const arrival = server.nextRequest({ name: /^x$/ });
  const both = Promise.all([receive(), receive()]);
  expect(await arrival).toMatchObject({ method: 'GET', status: 0 });
  expect(await both).toEqual([
    { status: 200, bytes: 7 },
    { status: 200, bytes: 7 },
  ]);
  expect(server.peakConcurrency).toBeGreaterThan(1);
});

test('the server ends while requests hang', async () => {
  const own = await startStorageServer({ database: database.config, faults: [{ effect: { kind: 'hang' } }] });
  const arrival = own.nextRequest();
  const hanging = fetch(`${own.url}/storage/v1/status`);
  await arrival;
  await Promise.all([own.close(), expect(hanging).rejects.toThrow('fetch failed')]);
});

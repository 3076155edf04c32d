import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/config/project-config.ts';
import { StorageError } from '../../../src/domain/storage/storage-error.ts';
import type { ObjectStore } from '../../../src/object-store.ts';
import { createObjectStore } from '../../../src/tools/supabase/object-store.ts';
import type { TransportOptions } from '../../../src/tools/supabase/transport.ts';
import { whenTestEnds } from '../../helpers/cleanup.ts';
import { startHttpServer, type TestServer } from '../../helpers/http-server.ts';
import { listObjects } from '../../helpers/listed-objects.ts';

const token = 'eyJhbGciOiJIUzI1NiJ9.e30.not-a-real-one';

interface Opened extends TestServer {
  readonly store: ObjectStore;
  readonly read: (name: string) => Promise<string>;
}

async function openStore(listener: RequestListener, options: Partial<TransportOptions> = {}): Promise<Opened> {
  const server = await startHttpServer(listener);
  const store = createObjectStore({
    url: server.url,
    key: new Secret(token),
    concurrency: 4,
    agentVersion: '1.2.3',
    clock: { now: () => new Date('2026-11-21T12:00:00Z') },
    ...options,
  });
  whenTestEnds(() => store.close());
  const read = async (name: string): Promise<string> => {
    const bytes = await store.download({ bucket: 'docs', name }, new AbortController().signal);
    return (await buffer(bytes)).toString();
  };
  return { ...server, store, read };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** What an attempt failed with. */
async function failureOf(attempt: Promise<unknown>): Promise<StorageError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StorageError);
  expect((error as StorageError).message).not.toContain(token);
  return error as StorageError;
}

describe('a download', () => {
  test('gives the bytes as they are, with the eTag, over connections that stay open', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    const answer: RequestListener = (_, response) =>
      void response.writeHead(200, { etag: '"abc"', 'content-length': bytes.length }).end(bytes);
    const { store, connections } = await openStore(answer, { concurrency: 1 });
    for (let count = 0; count < 3; count++) {
      const stream = await store.download({ bucket: 'docs', name: 'a.bin' }, new AbortController().signal);
      expect(stream.eTag).toBe('"abc"');
      expect(bytes.equals(await buffer(stream))).toBe(true);
    }
    expect(connections()).toBe(1);
  });

  test('gives an empty object, and one larger than all buffers', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 7);
    const { read, store } = await openStore((request, response) => {
      if (request.url?.endsWith('empty') === true) response.end();
      else
        for (let count = 0; count < 20; count++) response.write(chunk, count === 19 ? () => response.end() : () => undefined);
    });
    expect(await read('empty')).toBe('');
    const stream = await store.download({ bucket: 'docs', name: 'large' }, new AbortController().signal);
    let bytes = 0;
    for await (const part of stream) bytes += (part as Buffer).length;
    expect(bytes).toBe(20 * chunk.length);
  });

  test.each([
    ['a b/c?d#e%41.txt', 'a%20b/c%3Fd%23e%2541.txt'],
    ['n//double', 'n//double'],
    ['/lead', '/lead'],
    ['//lead2', '//lead2'],
    ['n/trail/', 'n/trail/'],
    ['n/..x/.hidden/...', 'n/..x/.hidden/...'],
    ['é/日本', '%C3%A9/%E6%97%A5%E6%9C%AC'],
    ["!*'()&$=@;:+,\\", "!*'()%26%24%3D%40%3B%3A%2B%2C%5C"],
  ])('asks for %j at %s', async (name, path) => {
    const { read, requests } = await openStore((_, response) => void response.end('x'));
    await read(name);
    expect(requests.map(({ url }) => url)).toEqual([`/storage/v1/object/authenticated/docs/${path}`]);
  });

  test.each(['..', 'a/../b', './a', 'a/.', '', '\ud800'])('asks nobody for %j, which no address can carry', async (name) => {
    const { read, requests } = await openStore((_, response) => void response.end('x'));
    expect((await failureOf(read(name))).failure).toBe('invalid');
    expect(requests).toEqual([]);
  });

  test.each([
    [token, `Bearer ${token}`],
    ['sb_secret_not-a-real-one', undefined],
  ])('sends the key %s as it has to be', async (key, authorization) => {
    const { read, requests, store } = await openStore((_, response) => sendJson(response, 200, []), { key: new Secret(key) });
    await read('a');
    await store.listBuckets();
    for (const { headers } of requests) {
      expect(headers).toMatchObject({ apikey: key, 'user-agent': 'supabase-backup-agent/1.2.3' });
      expect(headers['authorization']).toBe(authorization);
    }
    expect(requests).toHaveLength(2);
  });

  test('goes below the path of the address', async () => {
    const { url, requests } = await openStore((_, response) => sendJson(response, 200, []));
    const store = createObjectStore({
      url: `${url}/inner/`,
      key: new Secret(token),
      concurrency: 1,
      agentVersion: '0',
      clock: { now: () => new Date(0) },
    });
    await store.listBuckets();
    await buffer(await store.download({ bucket: 'docs', name: 'a' }, new AbortController().signal));
    await store.close();
    expect(requests.map((request) => request.url)).toEqual([
      '/inner/storage/v1/bucket',
      '/inner/storage/v1/object/authenticated/docs/a',
    ]);
  });

  test('ends when the run is aborted, with its reason', async () => {
    const controller = new AbortController();
    const { store } = await openStore((_, response) => void response.write('beginning'));
    const stream = await store.download({ bucket: 'docs', name: 'a' }, controller.signal);
    const reading = buffer(stream);
    controller.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
    await expect(store.download({ bucket: 'docs', name: 'a' }, controller.signal)).rejects.toThrow('stopped');
  });
});

describe('a download that fails', () => {
  test.each<[string, RequestListener, RegExp]>([
    [
      'is reset in the middle',
      (_, response) => response.write('half', () => void response.socket?.resetAndDestroy()),
      /reset|closed/,
    ],
    ['is cut short', (_, response) => cutShort(response), /closed before the end/],
    [
      'is cut short without a length',
      (_, response) => response.write('half', () => void response.destroy()),
      /closed before the end/,
    ],
    ['goes silent', (_, response) => void response.write('half'), /went silent/],
    ['is never answered', () => undefined, /did not answer in time/],
    ['is reset at once', (request) => void request.socket.resetAndDestroy(), /reset|closed/],
  ])('when it %s is transient', async (_, listener, message) => {
    const { read } = await openStore(listener, { limits: { stallMs: 300, headersMs: 300 } });
    const error = await failureOf(read('a'));
    expect(error.failure).toBe('transient');
    expect(error.message).toMatch(message);
  });

  test('when nobody listens is transient', async () => {
    const { store } = await openStore(() => undefined, { url: 'http://127.0.0.1:9' });
    expect((await failureOf(store.listBuckets())).message).toBe('The list of buckets: the connection was refused.');
  });

  test('says how long to wait', async () => {
    const { read } = await openStore((request, response) => {
      const retryAfter = request.url?.endsWith('seconds') === true ? '7' : 'Sat, 21 Nov 2026 10:00:09 GMT';
      response.writeHead(429, { 'retry-after': retryAfter, date: 'Sat, 21 Nov 2026 10:00:00 GMT' }).end('slow down');
    });
    expect(await failureOf(read('seconds'))).toMatchObject({ failure: 'transient', retryAfterMs: 7000 });
    expect(await failureOf(read('date'))).toMatchObject({ failure: 'transient', retryAfterMs: 9000 });
  });

  test('reads no endless error', async () => {
    const { read } = await openStore((_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      const write = (): void => void response.write('x'.repeat(100_000), (error) => (error ? undefined : write()));
      write();
    });
    expect((await failureOf(read('a'))).message).toBe(
      'docs/a: the server answered HTTP 500, which is not what the Storage API says.',
    );
  });

  test('leaves its connection to nobody', async () => {
    let answered = 0;
    const { read } = await openStore((_, response) => (++answered === 1 ? cutShort(response) : void response.end('whole')), {
      concurrency: 1,
    });
    await failureOf(read('a'));
    expect(await read('a')).toBe('whole');
  });
});

function cutShort(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 100 });
  response.write('half', () => void response.destroy());
}

describe('lists', () => {
  test('are read page by page, in the order of the server', async () => {
    const all = Array.from({ length: 2101 }, (_, index) => ({
      id: `${index}`,
      name: `l/${String(index).padStart(5, '0')}`,
      updated_at: '2026-11-21T11:21:44.625Z',
      metadata: index === 5 ? null : { eTag: '"e"', size: index },
    }));
    const asked: unknown[] = [];
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { cursor, limit } = JSON.parse((await buffer(request)).toString()) as { cursor?: string; limit: number };
      asked.push({ cursor, limit });
      const from = Number(cursor ?? 0);
      const hasNext = from + limit < all.length;
      const objects = all.slice(from, from + limit);
      sendJson(response, 200, { hasNext, folders: [], objects, ...(hasNext ? { nextCursor: String(from + limit) } : {}) });
    };
    const { store, requests } = await openStore((request, response) => void answer(request, response));
    const objects = await listObjects(store, 'my docs');
    expect(objects.map(({ name }) => name)).toEqual(all.map(({ name }) => name));
    expect(objects[4]).toEqual({
      bucket: 'my docs',
      name: 'l/00004',
      version: null,
      eTag: '"e"',
      size: 4,
      updatedAt: '2026-11-21T11:21:44.625Z',
      row: JSON.stringify({ bucket_id: 'my docs', ...all[4] }),
    });
    expect(objects[5]).toMatchObject({ eTag: null, size: null });
    expect(asked).toEqual([{ limit: 1000 }, { cursor: '1000', limit: 1000 }, { cursor: '2000', limit: 1000 }]);
    expect(new Set(requests.map(({ url }) => url))).toEqual(new Set(['/storage/v1/object/list-v2/my%20docs']));
  });

  test('tell of buckets with all that the server says', async () => {
    const bucket = { id: 'docs', name: 'docs', public: false, file_size_limit: 5 };
    const { store } = await openStore((_, response) => sendJson(response, 200, [bucket]));
    expect(await store.listBuckets()).toEqual([{ id: 'docs', row: JSON.stringify(bucket) }]);
  });

  test.each<[string, RequestListener]>([
    ['a web page', (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['another shape', (_, response) => sendJson(response, 200, { objects: 'none' })],
    ['no next page', (_, response) => sendJson(response, 200, { hasNext: true, objects: [] })],
    ['half an answer', (_, response) => cutShort(response)],
  ])('are no empty ones when the server gives %s', async (_, listener) => {
    const { store } = await openStore(listener);
    expect((await failureOf(listObjects(store, 'docs'))).failure).toBe('transient');
  });

  test('end in the failure that the server tells', async () => {
    const { store } = await openStore((_, response) =>
      sendJson(response, 400, {
        statusCode: '403',
        error: 'Unauthorized',
        message: 'Invalid Compact JWS',
        code: 'AccessDenied',
      }),
    );
    const error = await failureOf(store.listBuckets());
    expect(error).toMatchObject({
      failure: 'refused',
      message: 'The list of buckets: the server answered 403: Invalid Compact JWS',
    });
  });
});

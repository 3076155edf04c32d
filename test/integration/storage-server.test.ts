import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import type { Fault } from '../helpers/storage-server/faults.ts';
import { startStorageServer, type StorageServer } from '../helpers/storage-server/server.ts';

// The helper of the tests of Storage: what it does beyond the real service (seeding, faults). That it answers as the real one does is
// what storage-parity.test.ts is for.

async function startServer(): Promise<StorageServer> {
  const database = await createTestDatabase({ template: 'supabase' });
  return startStorageServer({ database: database.config });
}

function get(server: StorageServer, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/storage/v1${path}`, { headers: { authorization: `Bearer ${server.serviceKey}`, ...headers } });
}

async function download(server: StorageServer, path: string): Promise<Buffer> {
  const response = await get(server, `/object/authenticated/${path}`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

test('objects put there past HTTP are downloaded, replaced and told of', async () => {
  const server = await startServer();
  const first = await server.putObject('docs', 'a/b.txt', 'one', { mimetype: 'text/plain', userMetadata: { author: 'Zoë' } });
  const second = await server.putObject('docs', 'a/b.txt', 'two');
  expect(second).not.toBe(first);
  expect((await download(server, 'docs/a/b.txt')).toString()).toBe('two');
  expect((await server.bytesOf('docs', 'a/b.txt')).toString()).toBe('two');
  const info = (await (await get(server, '/object/info/authenticated/docs/a/b.txt')).json()) as {
    version: string;
    size: number;
  };
  expect(info).toMatchObject({ version: second, size: 3 });
});

test('a hundred thousand seeded objects are listed in pages, and have the bytes their ETags tell', async () => {
  const server = await startServer();
  await server.seedMany('many', 100_000, 100);
  const post = {
    method: 'POST',
    headers: { authorization: `Bearer ${server.serviceKey}`, 'content-type': 'application/json' },
  };
  const page = await fetch(`${server.url}/storage/v1/object/list-v2/many`, { ...post, body: JSON.stringify({ limit: 5000 }) });
  const { objects, hasNext } = (await page.json()) as {
    objects: { name: string; metadata: { eTag: string } }[];
    hasNext: boolean;
  };
  expect([objects.length, hasNext]).toEqual([1000, true]);
  const { name, metadata } = objects.at(-1)!;
  const bytes = await download(server, `many/${name}`);
  expect(bytes).toHaveLength(100);
  expect(`"${createHash('md5').update(bytes).digest('hex')}"`).toBe(metadata.eTag);
  const range = await get(server, `/object/authenticated/many/${name}`, { range: 'bytes=30-59' });
  expect(Buffer.from(await range.arrayBuffer())).toEqual(bytes.subarray(30, 60));
});

test('the rows of the fixture have no bytes until they are given some', async () => {
  const server = await startServer();
  const path = `/object/authenticated/documents/${encodeURIComponent("folder 5/it's (5).png")}`;
  expect((await get(server, path)).status).toBe(500);
  await server.fillRows();
  expect((await (await get(server, path)).arrayBuffer()).byteLength).toBe(50);
});

/** One download under a fault: the status and the bytes, or that it broke. */
async function downloadUnder(
  effect: Fault['effect'],
): Promise<{ status: number; length: string | null; bytes: number | 'broken' }> {
  const server = await startServer();
  await server.putObject('docs', 'x', Buffer.alloc(200_000, 'x'));
  server.faults.add({ effect, name: /^x$/ });
  try {
    const response = await get(server, '/object/authenticated/docs/x');
    const bytes = await response.arrayBuffer().then(
      (body) => body.byteLength,
      () => 'broken' as const,
    );
    return { status: response.status, length: response.headers.get('content-length'), bytes };
  } catch {
    return { status: 0, length: null, bytes: 'broken' };
  }
}

test.for<[Fault['effect'], { status: number; bytes?: number | 'broken' }]>([
  [{ kind: 'status', status: 429, retryAfter: 7 }, { status: 429 }],
  [{ kind: 'status', status: 500 }, { status: 500 }],
  [{ kind: 'status', status: 504 }, { status: 504 }],
  [{ kind: 'refuse' }, { status: 400 }],
  [{ kind: 'refuse', status: 401 }, { status: 401 }],
  [{ kind: 'html' }, { status: 200, bytes: 124 }],
  [{ kind: 'reset' }, { status: 0 }],
  [{ kind: 'lost-answer' }, { status: 0 }],
  [
    { kind: 'short', missingBytes: 1 },
    { status: 200, bytes: 'broken' },
  ],
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
  [{ kind: 'corrupt' }, { status: 200, bytes: 200_000 }],
])('a download under $0', async ([effect, expected]) => {
  expect(await downloadUnder(effect)).toMatchObject(expected);
});

test('a hang and a reset in the middle of a body', async () => {
  const server = await startServer();
  await server.putObject('docs', 'x', Buffer.alloc(200_000, 'x'));
  const fault = server.faults.add({ effect: { kind: 'hang', afterBytes: 1000 }, times: 1 });
  const abort = new AbortController();
  const url = `${server.url}/storage/v1/object/authenticated/docs/x`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${server.serviceKey}` }, signal: abort.signal });
  const reader = response.body!.getReader();
  expect((await reader.read()).value).toHaveLength(1000);
  const rest = reader.read();
  abort.abort();
  await expect(rest).rejects.toThrow('abort');
  expect(fault.struck).toBe(1);
  server.faults.add({ effect: { kind: 'reset', afterBytes: 1000 } });
  await expect(get(server, '/object/authenticated/docs/x').then((answer) => answer.arrayBuffer())).rejects.toThrow();
});

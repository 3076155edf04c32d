import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import { startPlatformCluster } from '../helpers/platform.ts';
import { signKey } from '../helpers/storage-server/keys.ts';
import { startStorageServer, type StorageServer } from '../helpers/storage-server/server.ts';

// The helper of the tests of Storage: what it does beyond the real service (seeding, keys, a log; its faults: storage-faults.test.ts). That it answers as the real one does is
// what storage-parity is for.

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

test('a new key counts in apikey, and nowhere else', async () => {
  const server = await startServer();
  const ask = (headers: Record<string, string>) => fetch(`${server.url}/storage/v1/bucket`, { headers });
  expect((await ask({ apikey: server.secretKey })).status).toBe(200);
  const both = await ask({ apikey: server.secretKey, authorization: `Bearer ${server.secretKey}` });
  expect([both.status, await both.json()]).toMatchObject([400, { statusCode: '403', message: 'Invalid Compact JWS' }]);
  expect((await ask({ apikey: 'sb_secret_another' })).status).toBe(401);
  expect((await ask({ apikey: server.serviceKey })).status).toBe(400);
  const expired = signKey(server.jwtSecret, { role: 'service_role', exp: 1_700_000_000 });
  expect(await (await ask({ authorization: `Bearer ${expired}` })).json()).toMatchObject({ statusCode: '403' });
});

test('over S3, rows without bytes are missing, and rows without a version do no harm', async () => {
  const database = await createTestDatabase({ template: 'supabase' });
  const server = await startStorageServer({ database: database.config, backend: 's3' });
  await database.query("UPDATE storage.objects SET version = NULL WHERE name = 'folder 5/it''s (5).png'");
  const path = `documents/${encodeURIComponent("folder 5/it's (5).png")}`;
  const missing = await get(server, `/object/authenticated/${path}`);
  expect([missing.status, await missing.json()]).toMatchObject([
    400,
    { statusCode: '404', message: 'The resource was not found' },
  ]);
  const headers = { authorization: `Bearer ${server.serviceKey}`, 'x-upsert': 'true' };
  expect((await fetch(`${server.url}/storage/v1/object/${path}`, { method: 'POST', headers, body: 'new' })).status).toBe(200);
  expect((await download(server, path)).toString()).toBe('new');
});

test('requests are counted as they come', async () => {
  const server = await startServer();
  await server.putObject('docs', 'x', 'content');
  await Promise.all(
    [1, 2, 3].map(() => get(server, '/object/authenticated/docs/x', { range: 'bytes=1-2' }).then((answer) => answer.text())),
  );
  expect(server.requests).toHaveLength(3);
  const record = {
    method: 'GET',
    path: '/object/authenticated/docs/x',
    range: 'bytes=1-2',
    status: 206,
    bytes: 2,
    fault: undefined,
  };
  expect(server.requests[0]).toEqual(record);
  expect(server.peakConcurrency).toBeGreaterThan(0);
});

test.for(['older', 'current', 'newer'] as const)('a platform that is %s', async (version) => {
  const cluster = await startPlatformCluster({ version });
  const server = await startStorageServer({ database: cluster.administrator.config });
  await server.seedMany('many', 3, 10);
  await server.putObject('docs', 'x', 'one', { userMetadata: { a: 1 } });
  expect((await download(server, 'docs/x')).toString()).toBe('one');
  const removed = await fetch(`${server.url}/storage/v1/object/docs/x`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${server.serviceKey}` },
  });
  expect(removed.status).toBe(200);
  await expect(server.bytesOf('docs', 'x')).rejects.toThrow('There is no object docs/x.');
});

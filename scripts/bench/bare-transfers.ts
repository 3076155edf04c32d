import { randomFillSync } from 'node:crypto';
import { Pool, request } from 'undici';
import type { Announcement } from './storage-server.ts';

/** An object of the data that is measured with. */
export interface BenchObject {
  readonly name: string;
  readonly bytes: number;
}

export interface BareTransfers {
  readonly server: Announcement;
  readonly bucket: string;
  readonly objects: readonly BenchObject[];
  /** Connections. */
  readonly concurrency: number;
}

/** Pieces of one random text, so that no two objects are the same. */
const largest = 64 * 1024 ** 2;
const removedAtOnce = 500;
const random = randomFillSync(Buffer.alloc(largest));

/** The least that any client has to do: fetches over connections that stay open, and throws the bytes away. Answers the seconds. */
export async function timeBareDownloads(transfers: BareTransfers): Promise<number> {
  return eachOf(transfers, async (pool, headers, path) => {
    const { statusCode, body } = await pool.request({ path, method: 'GET', headers });
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${await body.text()}`);
    for await (const _ of body);
  });
}

/** Sends objects of random bytes, one request each. Answers the seconds. */
export async function timeBareUploads(transfers: BareTransfers): Promise<number> {
  return eachOf(transfers, async (pool, headers, path, { bytes }) => {
    const start = Math.floor(Math.random() * (largest - bytes));
    const { statusCode, body } = await pool.request({
      path,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream' },
      body: random.subarray(start, start + bytes),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text}`);
  });
}

/** Removes the objects, with their bytes. */
export async function removeAll({ server, bucket, objects }: BareTransfers): Promise<void> {
  const names = objects.map(({ name }) => name);
  for (let start = 0; start < names.length; start += removedAtOnce) {
    const { statusCode, body } = await request(`${server.url}/storage/v1/object/${bucket}`, {
      method: 'DELETE',
      headers: { ...headersFor(server), 'content-type': 'application/json' },
      body: JSON.stringify({ prefixes: names.slice(start, start + removedAtOnce) }),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`removing: ${statusCode} ${text}`);
  }
}

type Transfer = (pool: Pool, headers: Record<string, string>, path: string, object: BenchObject) => Promise<void>;

async function eachOf({ server, bucket, objects, concurrency }: BareTransfers, transfer: Transfer): Promise<number> {
  const pool = new Pool(server.url, { connections: concurrency, pipelining: 1 });
  const headers = headersFor(server);
  const left = objects[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const object of left) await transfer(pool, headers, `/storage/v1/object/${bucket}/${object.name}`, object);
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  const seconds = (performance.now() - startedMs) / 1000;
  await pool.close();
  return seconds;
}

function headersFor({ serviceKey }: Announcement): Record<string, string> {
  return { authorization: `Bearer ${serviceKey}` };
}

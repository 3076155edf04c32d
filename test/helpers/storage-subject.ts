import { request as sendRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Client } from 'pg';
import { createTestDatabase } from './database.ts';
import { startStorageServer } from './storage-server/server.ts';

/**
 * The Storage API that the tests of test/integration/storage-parity ask: the server of these tests, or, to see that this one answers as
 * the real one does, a real one with these in the environment:
 *
 *   AGENT_TEST_STORAGE_URL       http://HOST:PORT, without /storage/v1
 *   AGENT_TEST_STORAGE_KEY       a legacy key of service_role
 *   AGENT_TEST_STORAGE_ANON_KEY  a legacy key of anon
 *   AGENT_TEST_STORAGE_DB_URL    its database, as `postgres`
 *
 * Nothing is done to buckets but those whose id begins with `parity`, which must not be anybody's.
 */
export interface StorageSubject {
  readonly url: string;
  readonly key: string;
  readonly anonKey: string;
  /** Sends a request with the path exactly as it is written here. */
  ask(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** The row of an object. */
  row(bucket: string, name: string): Promise<ObjectRecord | undefined>;
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** An empty bucket of its own, removed by `close`. */
  createBucket(limits?: Readonly<Record<string, unknown>>): Promise<string>;
  close(): Promise<void>;
}

export interface RequestOptions {
  /** Instead of that of service_role; null: none at all. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Anything but text and bytes is sent as JSON. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** Undefined when the body is no JSON. */
  readonly json: unknown;
}

export interface ObjectRecord {
  readonly id: string;
  readonly version: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly user_metadata: unknown;
  readonly created_at: string;
  readonly updated_at: string;
  readonly last_accessed_at: string;
}

/** What the service answers where something fails: 400 nearly always, with the status that is meant in the body. */
export function failure(statusCode: number, error: string, message: string, code: string) {
  const status = statusCode === 416 || statusCode === 500 ? statusCode : 400;
  return { status, json: { statusCode: String(statusCode), error, message, code } };
}

export async function openStorageSubject(): Promise<StorageSubject> {
  const place = await findPlace();
  const { url, key, anonKey, database } = place;
  const client = new Client(database);
  await client.connect();
  const query = async (sql: string, values: readonly unknown[] = []) =>
    (await client.query<Record<string, unknown>>(sql, [...values])).rows;
  const ask = (method: string, path: string, options: RequestOptions = {}) =>
    send(`${url}/storage/v1`, { method, path }, { key, ...options });
  const buckets: string[] = [];
  return {
    url,
    key,
    anonKey,
    ask,
    query,
    async row(bucket, name) {
      const sql = 'SELECT to_jsonb(o) AS record FROM storage.objects AS o WHERE bucket_id = $1 AND name = $2';
      return (await query(sql, [bucket, name]))[0]?.['record'] as ObjectRecord | undefined;
    },
    async createBucket(limits = {}) {
      const id = `parity_${process.pid}_${Date.now()}_${buckets.length}`;
      const answer = await ask('POST', '/bucket', { body: { id, name: id, ...limits } });
      if (answer.status !== 200) throw new Error(answer.text);
      buckets.push(id);
      return id;
    },
    async close() {
      for (const id of buckets) {
        await ask('POST', `/bucket/${id}/empty`);
        await ask('DELETE', `/bucket/${id}`);
      }
      await client.end();
      await place.close();
    },
  };
}

/** What tests upload when it does not matter what. */
export const sampleText = 'hello, storage\n';

export interface StorageBuckets {
  readonly storage: StorageSubject;
  /** A bucket that takes nearly anything, and one with narrow limits. */
  readonly docs: string;
  readonly pictures: string;
  /** Into `docs`, as a text. */
  upload(name: string, headers?: Readonly<Record<string, string>>, body?: string | Buffer): Promise<Answer>;
}

export async function openStorageBuckets(limits: Readonly<Record<string, unknown>>): Promise<StorageBuckets> {
  const storage = await openStorageSubject();
  const docs = await storage.createBucket({ file_size_limit: 20_000_000 });
  const pictures = await storage.createBucket({ file_size_limit: 1_000_000, ...limits });
  const upload: StorageBuckets['upload'] = (name, headers = {}, body = sampleText) =>
    storage.ask('POST', `/object/${docs}/${name}`, { body, headers: { 'content-type': 'text/plain', ...headers } });
  return { storage, docs, pictures, upload };
}

async function findPlace() {
  const { AGENT_TEST_STORAGE_URL: url, AGENT_TEST_STORAGE_DB_URL: databaseUrl } = process.env;
  const { AGENT_TEST_STORAGE_KEY: key = '', AGENT_TEST_STORAGE_ANON_KEY: anonKey = '' } = process.env;
  if (url !== undefined)
    return { url, key, anonKey, database: { connectionString: databaseUrl }, close: () => Promise.resolve() };
  const test = await createTestDatabase({ template: 'supabase' });
  const server = await startStorageServer({ database: test.config });
  const { host, port, user, database, password } = test.config;
  return {
    url: server.url,
    key: server.serviceKey,
    anonKey: server.anonKey,
    database: { host, port, user, database, password: password?.reveal() },
    async close() {
      await server.close();
      await test.drop();
    },
  };
}

async function send(base: string, asked: { method: string; path: string }, options: RequestOptions): Promise<Answer> {
  const { key, headers = {}, body } = options;
  const isJson = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
  const content = isJson ? JSON.stringify(body) : body;
  const { hostname, port, pathname } = new URL(base);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = sendRequest({
    hostname,
    port,
    method: asked.method,
    path: `${pathname}${asked.path}`,
    headers: {
      ...(key === null || key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...(content === undefined ? {} : { 'content-length': Buffer.byteLength(content) }),
      ...headers,
    },
  });
  request.on('response', resolve).on('error', reject);
  request.end(content);
  const response = await promise;
  const bytes = await buffer(response);
  const text = bytes.toString();
  return { status: response.statusCode!, headers: response.headers, bytes, text, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

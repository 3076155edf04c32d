import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { Secret } from '../../src/config/project-config.ts';
import { StorageError } from '../../src/domain/storage/storage-error.ts';
import type { ObjectStore, UploadedObject, UploadOutcome } from '../../src/object-store.ts';
import { createObjectStore } from '../../src/tools/supabase/object-store.ts';
import type { TransportOptions } from '../../src/tools/supabase/transport.ts';
import { whenTestEnds } from './cleanup.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { startStorageServer, type StorageServer } from './storage-server/server.ts';

/** Bytes that go in one request. */
export const portion = 6 * 1024 * 1024;

/** A Storage API with the bucket `docs`, and what reaches it. */
export interface Uploads {
  readonly database: TestDatabase;
  readonly server: StorageServer;
  readonly store: ObjectStore;
}

export async function openUploads(limits: TransportOptions['limits'] = {}): Promise<Uploads> {
  const database = await createTestDatabase({ template: 'supabase' });
  const server = await startStorageServer({ database: database.config });
  await server.seedBucket('docs');
  return { database, server, store: openStore(server.url, server.serviceKey, limits) };
}

export function openStore(url: string, key: string, limits: TransportOptions['limits'] = {}): ObjectStore {
  const store = createObjectStore({
    url,
    key: new Secret(key),
    concurrency: 2,
    agentVersion: '1.2.3',
    clock: { now: () => new Date('2026-11-21T12:00:00Z') },
    limits: { retryMs: 5, ...limits },
  });
  whenTestEnds(() => store.close());
  return store;
}

/** The same bytes for the same number, and others at each place of 6 MiB. */
export function bytesOf(size: number): Buffer {
  return Buffer.concat(
    Array.from({ length: Math.ceil(size / portion) }, (_, index) =>
      Buffer.alloc(Math.min(portion, size - index * portion), createHash('sha512').update(`${index}`).digest()),
    ),
  );
}

/** In pieces of a size that fits nothing. */
export async function* inPieces(bytes: Buffer, size = 100_003): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield Promise.resolve(bytes.subarray(start, start + size));
}

/** An object of the bucket `docs`. */
export function describeUpload(name: string, size: number, rest: Partial<UploadedObject> = {}): UploadedObject {
  return { bucket: 'docs', name, size, contentType: 'text/plain', cacheControl: 'max-age=60', userMetadata: null, ...rest };
}

/** Its bytes are those of `bytesOf`. */
export async function upload({ store }: Uploads, object: UploadedObject): Promise<UploadOutcome> {
  return store.upload(object, inPieces(bytesOf(object.size)), new AbortController().signal);
}

interface Row {
  readonly metadata: { readonly size: number; readonly mimetype: string; readonly cacheControl: string };
  readonly user_metadata: unknown;
}

export async function readRow({ database }: Uploads, name: string): Promise<Row> {
  const sql = 'SELECT metadata, user_metadata FROM storage.objects WHERE bucket_id = $1 AND name = $2';
  const rows = await database.query<Row>(sql, ['docs', name]);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

/** Bytes and all that stands beside them. */
export async function expectStored(opened: Uploads, object: UploadedObject): Promise<void> {
  const { metadata, user_metadata: userMetadata } = await readRow(opened, object.name);
  const { contentType: mimetype, cacheControl } = object;
  expect(metadata).toMatchObject({ size: object.size, mimetype, cacheControl });
  expect(userMetadata).toEqual(JSON.parse(object.userMetadata ?? '{}'));
  expect(bytesOf(object.size).equals(await opened.server.bytesOf('docs', object.name))).toBe(true);
}

/** What an attempt failed with. */
export async function failureOf(attempt: Promise<unknown>): Promise<StorageError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StorageError);
  expect((error as StorageError).message).not.toContain('eyJ');
  return error as StorageError;
}

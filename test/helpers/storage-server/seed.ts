import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Content } from './byte-store.ts';
import { findObject, writeObject } from './rows.ts';
import type { Service } from './exchange.ts';

export interface SeededObject {
  readonly mimetype?: string;
  /** As the table has it: `max-age=3600` unless given. */
  readonly cacheControl?: string;
  readonly userMetadata?: unknown;
}

/** Puts a bucket there as SQL of a user would; one that is there stays as it is. */
export async function seedBucket({ database }: Service, id: string): Promise<void> {
  const columns = '(id, name, public, created_at, updated_at)';
  await database.query(`INSERT INTO storage.buckets ${columns} VALUES ($1, $1, false, now(), now()) ON CONFLICT DO NOTHING`, [
    id,
  ]);
}

/** Row and bytes, as an upload with x-upsert would leave them; the bucket comes into being too. Answers the version. */
export async function putObject(
  service: Service,
  { bucket, name }: { readonly bucket: string; readonly name: string },
  bytes: Buffer | string,
  object: SeededObject = {},
): Promise<string> {
  await seedBucket(service, bucket);
  const content = Buffer.from(bytes);
  const { mimetype = 'application/octet-stream', cacheControl = 'max-age=3600', userMetadata = {} } = object;
  const times = { lastModified: new Date().toISOString(), contentLength: content.length, httpStatusCode: 200 };
  const eTag = `"${createHash('md5').update(content).digest('hex')}"`;
  const version = randomUUID();
  const path = service.bytes.temporaryPath();
  await writeFile(path, content);
  await service.bytes.keep(path, { bucket, name, version });
  const metadata = { eTag, size: content.length, mimetype, cacheControl, ...times };
  const written = await writeObject(service, { bucket, name, version, metadata, userMetadata }, true);
  if (written?.replaced !== undefined) await service.bytes.remove({ bucket, name, version: written.replaced });
  return version;
}

export interface SeededMany {
  readonly bucket: string;
  readonly count: number;
  /** Of each object, in bytes. */
  readonly size: number;
  /** Names are this and a number of seven digits, from 0000001: `many/` unless given. */
  readonly prefix: string | undefined;
}

/** Up to here the ETag is the MD5 of the bytes, beyond it is that of an upload in parts, which S3 has for large objects. */
const plainETagLimit = 1_048_576;
const partBytes = 5_242_880;

/**
 * So many objects of made-up bytes that depend on bucket and name alone; nothing is written to disk for them. Versions are the MD5 of
 * `BUCKET/NAME`. A name that is there already fails.
 */
export async function seedMany(service: Service, { bucket, count, size, prefix = 'many/' }: SeededMany): Promise<void> {
  await seedBucket(service, bucket);
  const plain = size <= plainETagLimit;
  const eTag = plain
    ? `md5(left(repeat(digest, $4::bigint::int / 32 + 1), $4::bigint::int))`
    : `digest || '-${Math.ceil(size / partBytes)}'`;
  await service.database.query(
    `INSERT INTO storage.objects (id, bucket_id, name, version, metadata, created_at, updated_at, last_accessed_at)
     SELECT gen_random_uuid(), $1, name, digest::uuid::text, jsonb_build_object('eTag', '"' || ${eTag} || '"', 'size', $4::bigint,
       'mimetype', 'application/octet-stream', 'cacheControl', 'max-age=3600', 'lastModified', '2026-01-02T03:04:05.678Z',
       'contentLength', $4::bigint, 'httpStatusCode', 200), moment, moment, moment
     FROM (
       SELECT name, md5($1 || '/' || name) AS digest, timestamptz '2026-01-02 03:04:05.678901+00' + number * interval '1 second' AS moment
       FROM (SELECT number, $2 || lpad(number::text, 7, '0') AS name FROM generate_series(1, $3::int) AS number) AS numbered
     ) AS named`,
    [bucket, prefix, count, size],
  );
  const versionOf = (name: string) => createHash('md5').update(`${bucket}/${name}`).digest('hex');
  service.bytes.generate(
    (content) =>
      content.bucket === bucket &&
      content.name.startsWith(prefix) &&
      content.version?.replaceAll('-', '') === versionOf(content.name),
  );
}

/** Gives every row that has no bytes as many as it says, made up from its name. ETags stay as they are, and do not fit. */
export async function fillRows(service: Service): Promise<void> {
  const { rows } = await service.database.query<Content>('SELECT bucket_id AS bucket, name, version FROM storage.objects');
  const identify = ({ bucket, name, version }: Content) => JSON.stringify([bucket, name, version]);
  const filled = new Set<string>();
  for (const content of rows) if ((await service.bytes.size(content, 0)) === undefined) filled.add(identify(content));
  service.bytes.generate((content) => filled.has(identify(content)));
}

/** The bytes of an object as a download has them. Throws when the row or the bytes are not there. */
export async function bytesOf(service: Service, bucket: string, name: string): Promise<Buffer> {
  const row = await findObject(service, bucket, name);
  if (row === undefined) throw new Error(`There is no object ${bucket}/${name}.`);
  const content = { bucket, name, version: row.version };
  const size = await service.bytes.size(content, row.metadata?.size ?? 0);
  if (size === undefined) throw new Error(`The object ${bucket}/${name} has a row and no bytes.`);
  return size === 0 ? Buffer.alloc(0) : buffer(service.bytes.read(content, size, { start: 0, end: size - 1 }));
}

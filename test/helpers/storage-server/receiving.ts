import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { duplicateObject, invalidParameter, invalidType, noPolicy, wrongType } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { checkObjectName, checkPath } from './names.ts';
import { findObject, writeObject, type BucketRow } from './rows.ts';

/** What stands beside the bytes of an upload. */
export interface UploadDetails {
  readonly mimetype: string;
  readonly cacheControl: string;
  readonly robotsTag?: string;
  /** Undefined: none was sent, and what a row has stays. */
  readonly userMetadata: unknown;
}

/** Bytes that have arrived. */
export interface Arrived {
  readonly path: string;
  readonly size: number;
  /** Hexadecimal MD5. */
  readonly digest: string;
}

export interface UploadTarget {
  readonly bucket: string;
  readonly name: string;
  readonly version: string;
  readonly upsert: boolean;
}

/** Throws what the service answers before it takes any bytes. */
export async function checkTarget({ service, role }: Exchange, { bucket, name, version, upsert }: UploadTarget): Promise<void> {
  checkObjectName(name);
  if (role !== 'service_role') throw noPolicy();
  if (!upsert && (await findObject(service, bucket, name)) !== undefined) throw duplicateObject();
  if (service.options.backend === 'file') checkPath(bucket, name, version);
}

/** Puts the bytes in their place, writes the row, removes the version before. Answers the id of the row. */
export async function finishUpload(
  { service }: Exchange,
  { bucket, name, version, upsert }: UploadTarget,
  { arrived, details }: { readonly arrived: Arrived; readonly details: UploadDetails },
): Promise<string> {
  const { size, digest } = arrived;
  const { mimetype, cacheControl, robotsTag, userMetadata } = details;
  const times = { lastModified: new Date().toISOString(), contentLength: size, httpStatusCode: 200 };
  const robots = robotsTag === undefined ? {} : { xRobotsTag: robotsTag };
  const metadata = { eTag: `"${digest}"`, size, mimetype, cacheControl, ...times, ...robots };
  await service.bytes.keep(arrived.path, { bucket, name, version });
  const written = await writeObject(service, { bucket, name, version, metadata, userMetadata }, upsert);
  if (written === undefined) {
    await service.bytes.remove({ bucket, name, version });
    throw duplicateObject();
  }
  if (written.replaced !== undefined) await service.bytes.remove({ bucket, name, version: written.replaced });
  return written.id;
}

/** Writes bytes as they come to a temporary file, which is gone when they break off. */
export async function receiveFile({ service }: Exchange, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<Arrived> {
  const path = service.bytes.temporaryPath();
  const hash = createHash('md5');
  const count = { size: 0 };
  try {
    await pipeline(measure(chunks, hash, count), createWriteStream(path));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { path, size: count.size, digest: hash.digest('hex') };
}

async function* measure(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  hash: Hash,
  count: { size: number },
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    count.size += chunk.length;
    yield chunk;
  }
}

export function sizeLimit({ service }: Exchange, { file_size_limit: limit }: BucketRow): number {
  const { fileSizeLimit } = service.options;
  return limit === null || limit === 0 ? fileSizeLimit : Math.min(limit, fileSizeLimit);
}

/** The whole header is compared, its parameters included. */
export function checkType(type: string, { allowed_mime_types: allowed }: BucketRow): void {
  if (!/^[^/\s;]+\/[^/\s;]+/.test(type)) throw invalidType();
  if (allowed === null || allowed.length === 0) return;
  const fits = (pattern: string) =>
    pattern === '*/*' || pattern === type || (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)));
  if (!allowed.some(fits)) throw wrongType(type);
}

/** What is no JSON, or is no object, is dropped without a word; texts and arrays are refused. */
export function readUserMetadata(text: string | string[] | undefined, encoding: 'base64' | 'utf8'): unknown {
  if (typeof text !== 'string') return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, encoding).toString());
  } catch {
    return {};
  }
  if (typeof value === 'string' || Array.isArray(value)) throw invalidParameter('invalid input syntax for type json');
  return typeof value === 'object' && value !== null ? value : {};
}

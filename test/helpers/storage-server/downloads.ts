import { invalidRange, missingBucket, missingFile, missingInS3, missingObject } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { checkObjectName } from './names.ts';
import { findObject, requireBucket, type ObjectRow } from './rows.ts';
import { send } from './send.ts';

/** GET and HEAD of the bytes of an object. `isPublic`: by the route that asks for no key. */
export async function download(exchange: Exchange, bucket: string, name: string, isPublic: boolean): Promise<void> {
  const row = await requireObject(exchange, bucket, name, isPublic);
  if (exchange.request.method === 'HEAD') {
    const { metadata } = row;
    const length = metadata?.size ?? 0;
    return send(exchange, { status: 200, headers: describe(exchange, row), length });
  }
  const { bytes, options } = exchange.service;
  const size = await bytes.size({ bucket, name, version: row.version }, row.metadata?.size ?? 0);
  if (size === undefined) throw options.backend === 's3' ? missingInS3() : missingFile();
  const headers = describe(exchange, row);
  const condition = exchange.request.headers['if-none-match'];
  if (condition !== undefined && condition === row.metadata?.eTag) return send(exchange, { status: 304, headers });
  const stale =
    condition === undefined ? {} : { 'cache-control': `${String(headers['cache-control'])}, stale-while-revalidate=30` };
  const range = readRange(exchange.request.headers.range, size);
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const partial = range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` };
  const length = end - start + 1;
  const body = length === 0 ? Buffer.alloc(0) : bytes.read({ bucket, name, version: row.version }, size, { start, end });
  await send(exchange, {
    status: range === undefined ? 200 : 206,
    headers: { ...headers, ...stale, ...partial },
    body,
    length,
  });
}

/** GET and HEAD of what the row says of an object. */
export async function describeObject(exchange: Exchange, bucket: string, name: string): Promise<void> {
  const row = await requireObject(exchange, bucket, name, false);
  const { id, version, metadata, created_at, updated_at } = row;
  const described = {
    id,
    name,
    version,
    bucket_id: bucket,
    size: metadata?.size ?? null,
    content_type: metadata?.mimetype ?? null,
    cache_control: metadata?.cacheControl ?? null,
    etag: metadata?.eTag ?? null,
    metadata: row.user_metadata,
    last_modified: updated_at,
    created_at,
  };
  const text = Buffer.from(JSON.stringify(described));
  const headers = {
    'cache-control': metadata?.cacheControl ?? 'no-cache',
    'content-type': 'application/json; charset=utf-8',
    etag: metadata?.eTag ?? '',
    'last-modified': lastModified(row),
  };
  await send(exchange, { status: 200, headers, body: text, length: text.length });
}

async function requireObject(exchange: Exchange, bucket: string, name: string, isPublic: boolean): Promise<ObjectRow> {
  const found = await requireBucket(exchange, bucket);
  if (isPublic && found.public !== true) throw missingBucket();
  checkObjectName(name);
  const row = isPublic || exchange.role === 'service_role' ? await findObject(exchange.service, bucket, name) : undefined;
  if (row === undefined) throw missingObject();
  return row;
}

function describe({ query }: Exchange, row: ObjectRow): Record<string, string> {
  const { metadata } = row;
  const type = metadata?.mimetype ?? 'application/octet-stream';
  const file = query.get('download');
  const encoded = encodeURIComponent(file ?? '');
  return {
    'accept-ranges': 'bytes',
    'cache-control': metadata?.cacheControl ?? 'no-cache',
    'content-type': type.startsWith('text/html') ? 'text/plain' : type,
    etag: metadata?.eTag ?? '',
    'last-modified': lastModified(row),
    'x-robots-tag': 'none',
    ...(file === null ? {} : { 'content-disposition': `attachment; filename=${encoded}; filename*=UTF-8''${encoded}` }),
  };
}

const lastModified = ({ metadata, updated_at }: ObjectRow) => new Date(metadata?.lastModified ?? updated_at ?? 0).toUTCString();

/** One range of bytes, clamped; undefined without a header. Throws 416 for all else. */
function readRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) throw invalidRange();
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || start > end) throw invalidRange();
  return { start, end };
}

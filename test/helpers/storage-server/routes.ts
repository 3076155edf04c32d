import { answerBucketRoute } from './buckets.ts';
import { describeObject, download } from './downloads.ts';
import { invalidUrl, missingRoute } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { RequestSubject } from './faults.ts';
import { listFolder, listObjects } from './lists.ts';
import { answerResumable } from './resumable.ts';
import { removeObject, removeObjects } from './removal.ts';
import { send, sendJson } from './send.ts';
import { upload } from './uploads.ts';

interface Route extends RequestSubject {
  readonly kind: 'status' | 'bucket' | 'list' | 'list-v2' | 'object' | 'info' | 'upload' | 'unknown';
  /** What a wrong key gets: nothing, an answer as if nothing were there, or, for a public bucket, all. */
  readonly access: 'key' | 'lenient' | 'public';
  readonly rest: string | undefined;
}

/** What a path (still encoded, relative to the service) is about. Throws for bad percents. */
export function findRoute(method: string, path: string): Route {
  const [, first = '', ...segments] = path.split('/');
  const decoded = segments.map((segment) => decode(segment, path));
  const [second, ...rest] = decoded;
  const base = { method, path, bucket: undefined, name: undefined, rest: undefined, access: 'key' } as const;
  if (first === 'status' || first === 'health' || first === 'version')
    return { ...base, kind: 'status', rest: first, access: 'public' };
  if (first === 'bucket') return { ...base, kind: 'bucket', bucket: second === '' ? undefined : second, rest: rest[0] };
  if (first === 'upload' && second === 'resumable')
    return {
      ...base,
      kind: 'upload',
      rest: rest[0],
      ...readUploadId(rest[0]),
      access: method === 'OPTIONS' ? 'public' : 'key',
    };
  if (first !== 'object' || second === undefined) return { ...base, kind: 'unknown' };
  if (method === 'POST' && (second === 'list' || second === 'list-v2') && rest.length === 1)
    return { ...base, kind: second, bucket: rest[0] };
  const about = (names: string[]) => ({ bucket: names[0], name: names.length > 1 ? names.slice(1).join('/') : undefined });
  const reads = method === 'GET' || method === 'HEAD';
  if (reads && second === 'info')
    return rest[0] === 'authenticated' && rest.length > 2
      ? { ...base, kind: 'info', ...about(rest.slice(1)) }
      : { ...base, kind: 'info', ...about(rest), access: 'lenient' };
  if (reads && second === 'authenticated') return { ...base, kind: 'object', ...about(rest) };
  if (reads && second === 'public') return { ...base, kind: 'object', ...about(rest), access: 'public' };
  return { ...base, kind: 'object', ...about(decoded), access: reads ? 'lenient' : 'key' };
}

function decode(segment: string, path: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidUrl(path);
  }
}

/** The address of an upload tells its object: base64url of BUCKET/NAME/VERSION. */
function readUploadId(id: string | undefined): { bucket: string | undefined; name: string | undefined } {
  const [bucket, ...rest] = id === undefined ? [] : Buffer.from(id, 'base64url').toString().split('/');
  return { bucket, name: rest.length < 2 ? undefined : rest.slice(0, -1).join('/') };
}

/** Does what was asked for and answers it. */
export async function answerRoute(exchange: Exchange, route: Route): Promise<void> {
  const { kind, bucket, name } = route;
  if (kind === 'upload') return answerResumable(exchange, route.rest);
  if (kind === 'status') return answerStatus(exchange, route.rest);
  if (kind === 'bucket' && (await answerBucketRoute(exchange, bucket, route.rest))) return;
  if (kind === 'list' && bucket !== undefined) return listFolder(exchange, bucket);
  if (kind === 'list-v2' && bucket !== undefined) return listObjects(exchange, bucket);
  if (kind === 'info' && bucket !== undefined && name !== undefined) return describeObject(exchange, bucket, name);
  if (kind === 'object' && bucket !== undefined) {
    const { method } = exchange.request;
    if (method === 'DELETE') return name === undefined ? removeObjects(exchange, bucket) : removeObject(exchange, bucket, name);
    if (name !== undefined && (method === 'GET' || method === 'HEAD'))
      return download(exchange, bucket, name, route.access === 'public');
    if (name !== undefined && (method === 'POST' || method === 'PUT')) return upload(exchange, bucket, name);
  }
  throw missingRoute(route.method, route.path);
}

async function answerStatus(exchange: Exchange, which: string | undefined): Promise<void> {
  if (which === 'health') return sendJson(exchange, 200, { healthy: true });
  const body = which === 'version' ? '1.11.2' : '';
  await send(exchange, { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });
}

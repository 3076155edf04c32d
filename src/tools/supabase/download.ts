import { Readable } from 'node:stream';
import { StorageError } from '../../domain/storage/storage-error.ts';
import type { ObjectBytes, ObjectName } from '../../object-store.ts';
import { toTransportError } from './failures.ts';
import type { Transport } from './transport.ts';

/**
 * Asks for the bytes of an object. The client library is not used: it leaves `?` and `#` as they are and takes slashes away. The route is
 * the one for keys: the other one takes a wrong key for a missing bucket.
 */
export async function download(transport: Transport, object: ObjectName, signal: AbortSignal): Promise<ObjectBytes> {
  const what = `${object.bucket}/${object.name}`;
  const path = `/object/authenticated/${encodePath(object.bucket)}/${encodePath(object.name)}`;
  const response = await transport.request({ what, method: 'GET', path, signal });
  const { etag } = response.headers;
  return Object.assign(passOn(response.body, what, signal), { eTag: typeof etag === 'string' ? etag : undefined });
}

/**
 * Each segment percent-encoded, all slashes kept. Throws StorageError for what no URL can carry: `.` and `..` are resolved by whoever
 * sees them, encoded or not, and lead to another object.
 */
export function encodePath(name: string): string {
  const segments = name.split('/');
  const dots = segments.find((segment) => segment === '.' || segment === '..');
  if (dots !== undefined)
    throw new StorageError(
      'invalid',
      `${name}: a segment "${dots}" cannot be part of an address, so the Storage API cannot reach it.`,
    );
  if (name === '') throw new StorageError('invalid', 'The Storage API has no address for an object without a name.');
  if (!name.isWellFormed())
    throw new StorageError('invalid', 'The Storage API has no address for a name that is no Unicode text.');
  return segments.map(encodeURIComponent).join('/');
}

/** The same bytes as they come. Whatever the connection fails with becomes a StorageError, but not that the run was aborted. */
function passOn(body: Readable, what: string, signal: AbortSignal): Readable {
  const bytes = new Readable({
    read: () => void body.resume(),
    destroy(error, callback) {
      body.destroy();
      callback(error);
    },
  });
  body.on('data', (chunk: Uint8Array) => {
    if (!bytes.push(chunk)) body.pause();
  });
  body.on('end', () => void bytes.push(null));
  body.on('error', (error) => void bytes.destroy(signal.aborted ? error : toTransportError(what, error)));
  return bytes;
}

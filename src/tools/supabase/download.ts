import { Readable } from 'node:stream';
import type { ObjectBytes, ObjectName } from '../../object-store.ts';
import { encodePath } from './address.ts';
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

import { z } from 'zod';
import { StorageError } from '../../domain/storage/storage-error.ts';
import type { ObjectName, ObjectState } from '../../object-store.ts';
import { encodePath } from './address.ts';
import { parseAs, requestJson } from './json.ts';
import type { Transport } from './transport.ts';

const answerSchema = z.object({
  version: z.string().nullish(),
  etag: z.string().nullish(),
  size: z.int().nonnegative().nullish().catch(null),
  // Of the row: updated_at.
  last_modified: z.string().nullish(),
  // That of the user.
  metadata: z.unknown().optional(),
});

/** What the row of an object says. The client library is not used, for it takes slashes away. */
export async function describeObject(
  transport: Transport,
  object: ObjectName,
  signal: AbortSignal,
): Promise<ObjectState | undefined> {
  const what = `${object.bucket}/${object.name}`;
  const path = `/object/info/authenticated/${encodePath(object.bucket)}/${encodePath(object.name)}`;
  try {
    const text = await requestJson(transport, { what, method: 'GET', path, signal });
    const { version, etag, size, last_modified: updatedAt, metadata } = parseAs(what, answerSchema, JSON.parse(text));
    return {
      version: version ?? null,
      eTag: etag ?? null,
      size: size ?? null,
      updatedAt: updatedAt ?? null,
      userMetadata: JSON.stringify(metadata ?? null),
    };
  } catch (error) {
    if (error instanceof StorageError && error.failure === 'missing') return undefined;
    throw error;
  }
}

import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import type { InventoryObject } from '../../domain/storage/inventory.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { encodePath } from './download.ts';
import { parseAs, requestJson } from './json.ts';
import { storageAddress, type Transport, type TransportOptions } from './transport.ts';

/** Objects of a page: the server gives no more, whatever it is asked for. */
const pageSize = 1000;

const bucketsSchema = z.array(z.looseObject({ id: z.string() }));

/** Any other shape of one object must not hide the rest: it only counts as unknown. */
const objectSchema = z.object({
  name: z.string(),
  updated_at: z.string().nullish().catch(null),
  metadata: z
    .object({ eTag: z.string().nullish().catch(null), size: z.int().nonnegative().nullish().catch(null) })
    .nullish()
    .catch(null),
});
const pageSchema = z.object({ hasNext: z.boolean(), nextCursor: z.string().optional(), objects: z.array(z.unknown()) });

/** Buckets and lists, by the client library over our own connections, which bring their own headers. */
export function createListing(transport: Transport, { url, key }: TransportOptions) {
  const client = createClient(url, key.reveal(), {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: createFetch(transport, url) },
  });

  return {
    async listBuckets(): Promise<{ id: string; row: string }[]> {
      const { data, error } = await client.storage.listBuckets();
      if (error !== null) throw toListingError('The list of buckets', error);
      const buckets = parseAs('The list of buckets', bucketsSchema, data);
      return buckets.map((bucket) => ({ id: bucket.id, row: JSON.stringify(bucket) }));
    },

    async *listObjects(bucket: string): AsyncGenerator<InventoryObject> {
      const what = `The list of bucket ${bucket}`;
      let cursor: string | undefined;
      do {
        const page = await readPage(client, bucket, cursor);
        for (const object of page.objects) yield toInventoryObject(bucket, parseAs(what, objectSchema, object), object);
        if (page.hasNext && (page.nextCursor === undefined || page.nextCursor === cursor))
          throw new StorageError('transient', `${what} does not say how it goes on.`);
        cursor = page.hasNext ? page.nextCursor : undefined;
      } while (cursor !== undefined);
    },
  };
}

async function readPage(
  client: SupabaseClient,
  bucket: string,
  cursor: string | undefined,
): Promise<z.infer<typeof pageSchema>> {
  const what = `The list of bucket ${bucket}`;
  // The library puts the id into the address as it is.
  const { data, error } = await client.storage
    .from(encodePath(bucket))
    .listV2({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
  if (error !== null) throw toListingError(what, error);
  return parseAs(what, pageSchema, data);
}

function toInventoryObject(bucket: string, object: z.infer<typeof objectSchema>, row: unknown): InventoryObject {
  return {
    bucket,
    name: object.name,
    version: null,
    eTag: object.metadata?.eTag ?? null,
    size: object.metadata?.size ?? null,
    updatedAt: object.updated_at ?? null,
    row: JSON.stringify(row),
  };
}

/** The `fetch` of the library, which calls it with a text: one request of ours. */
function createFetch(transport: Transport, base: string): typeof fetch {
  const { origin, path: prefix } = storageAddress(base);
  return async (input, init) => {
    const path = (input as string).slice(origin.length + prefix.length);
    const what =
      path === '/bucket' ? 'The list of buckets' : `The list of bucket ${decodeURIComponent(path.split('/').at(-1)!)}`;
    const method = init?.method === 'POST' ? 'POST' : 'GET';
    const json = typeof init?.body === 'string' ? { json: init.body } : {};
    const text = await requestJson(transport, { what, method, path, ...json });
    return new Response(text, { headers: { 'content-type': 'application/json' } });
  };
}

/** Ours, which the library has wrapped. */
function toListingError(what: string, error: { readonly message: string; readonly originalError?: unknown }): Error {
  if (error.originalError instanceof Error) return error.originalError;
  return new StorageError('transient', `${what}: ${error.message}`, { cause: error });
}

import { z } from 'zod';
import type { InventoryObject } from '../../domain/storage/inventory.ts';
import { contentMetadataSchema } from '../../domain/storage/rows.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { encodePath } from './address.ts';
import { toClientError, type StorageClient } from './client.ts';
import { parseAs } from './json.ts';

/** Objects of a page: the server gives no more, whatever it is asked for. */
const pageSize = 1000;

const bucketsSchema = z.array(z.looseObject({ id: z.string() }));

/** Any other shape of one object must not hide the rest: it only counts as unknown. */
const objectSchema = z.object({
  name: z.string(),
  updated_at: z.string().nullish().catch(null),
  metadata: contentMetadataSchema,
});
const pageSchema = z.object({ hasNext: z.boolean(), nextCursor: z.string().optional(), objects: z.array(z.unknown()) });

/** Buckets and lists, by the client library. */
export function createListing(client: StorageClient) {
  return {
    async listBuckets(): Promise<{ id: string; row: string }[]> {
      const { data, error } = await client.listBuckets();
      if (error !== null) throw toClientError('The list of buckets', error);
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
  client: StorageClient,
  bucket: string,
  cursor: string | undefined,
): Promise<z.infer<typeof pageSchema>> {
  const what = `The list of bucket ${bucket}`;
  // The library puts the id into the address as it is.
  const { data, error } = await client
    .from(encodePath(bucket))
    .listV2({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
  if (error !== null) throw toClientError(what, error);
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

import { z } from 'zod';
import type { InventoryObject } from '../../domain/storage/inventory.ts';
import { contentMetadataSchema } from '../../domain/storage/rows.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import type { ObjectPage } from '../../object-store.ts';
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
export function createListing(client: () => Promise<StorageClient>) {
  return {
    async listBuckets(): Promise<{ id: string; row: string }[]> {
      const { data, error } = await (await client()).listBuckets();
      if (error !== null) throw toClientError('The list of buckets', error);
      const buckets = parseAs('The list of buckets', bucketsSchema, data);
      return buckets.map((bucket) => ({ id: bucket.id, row: JSON.stringify(withoutEmptyOwner(bucket)) }));
    },

    async listPage(bucket: string, cursor: string | undefined, signal: AbortSignal): Promise<ObjectPage> {
      const what = `The list of bucket ${bucket}`;
      const options = { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
      // The library puts the id into the address as it is.
      const { data, error } = await (await client()).from(encodePath(bucket)).listV2(options, { signal });
      if (error !== null) throw toClientError(what, error);
      const page = parseAs(what, pageSchema, data);
      const objects = page.objects.map((object) =>
        toInventoryObject(bucket, parseAs(what, objectSchema, object), object as object),
      );
      return { objects, next: page.hasNext ? findNext(what, { ...page, objects, cursor }) : undefined };
    },
  };
}

/** Throws StorageError where a next page cannot be had: a list that ends there would look like all of the bucket. */
function findNext(
  what: string,
  page: {
    readonly objects: readonly InventoryObject[];
    readonly cursor: string | undefined;
    readonly nextCursor?: string | undefined;
  },
): string {
  const { objects, cursor, nextCursor } = page;
  const last = objects.at(-1);
  if (last === undefined || nextCursor === undefined || nextCursor === cursor)
    throw new StorageError('transient', `${what} does not say how it goes on.`);
  // The server writes the name into the cursor, a line for each field: what follows would be taken for another field.
  if (last.name.includes('\n'))
    throw new StorageError('invalid', `${what} cannot go on behind an object with a line break in its name.`);
  return nextCursor;
}

/** What the API says of every bucket, which is no UUID: that nothing is known of the owner. */
function withoutEmptyOwner({ owner, ...bucket }: Record<string, unknown>): Record<string, unknown> {
  return owner === '' || owner === undefined ? bucket : { ...bucket, owner };
}

function toInventoryObject(bucket: string, object: z.infer<typeof objectSchema>, row: object): InventoryObject {
  return {
    bucket,
    name: object.name,
    version: null,
    eTag: object.metadata?.eTag ?? null,
    size: object.metadata?.size ?? null,
    updatedAt: object.updated_at ?? null,
    row: JSON.stringify({ bucket_id: bucket, ...row }),
  };
}

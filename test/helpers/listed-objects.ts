import type { InventoryObject } from '../../src/domain/storage/inventory.ts';
import type { ObjectStore } from '../../src/object-store.ts';

/** All objects of a bucket, as the API lists them, page by page. */
export async function listObjects(store: Pick<ObjectStore, 'listPage'>, bucket: string): Promise<InventoryObject[]> {
  const objects: InventoryObject[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listPage(bucket, cursor, new AbortController().signal);
    objects.push(...page.objects);
    cursor = page.next;
  } while (cursor !== undefined);
  return objects;
}

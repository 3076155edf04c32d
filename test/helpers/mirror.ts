import { Readable } from 'node:stream';
import type { InventoryObject } from '../../src/domain/storage/inventory.ts';
import type { Mirror } from '../../src/object-store.ts';
import { openMirror } from '../../src/tools/mirror/mirror.ts';
import { whenTestEnds } from './cleanup.ts';

/** An object of an inventory whose content is `text`; its version is that too, unless given. */
export function inventoryObject(name: string, text: string, facts: Partial<InventoryObject> = {}): InventoryObject {
  const described = { version: `version of ${text}`, eTag: `"${text}"`, size: Buffer.byteLength(text) };
  const updatedAt = '2026-11-21T11:21:44.625123+00:00';
  return { bucket: 'docs', name, ...described, updatedAt, row: JSON.stringify({ name }), ...facts };
}

/** Opens a mirror that is closed when the test is over, unless it was before. */
export function openTestMirror(directory: string): Mirror {
  const mirror = openMirror(directory);
  let open = true;
  const close = (): void => {
    if (open) mirror.close();
    open = false;
  };
  whenTestEnds(async () => close());
  return { ...mirror, close };
}

/** Begins an inventory of these objects, and of their buckets. */
export function takeInventory(mirror: Mirror, objects: readonly InventoryObject[]): void {
  mirror.startInventory();
  mirror.addBuckets([...new Set(objects.map(({ bucket }) => bucket))].map((id) => ({ id, row: JSON.stringify({ id }) })));
  mirror.addObjects(objects);
}

export function bytesOf(text: string): Readable {
  return Readable.from([Buffer.from(text)]);
}

export function namesOf(objects: Iterable<{ readonly name: string }>): string[] {
  return [...objects].map(({ name }) => name);
}

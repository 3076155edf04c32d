import type { DatabaseSync } from 'node:sqlite';
import type { InventorySummary } from '../../object-store.ts';

const none: InventorySummary = { objects: 0, bytes: 0, pendingObjects: 0, pendingBytes: 0, replacedBytes: 0 };

/**
 * Sums up an inventory, all of it or one bucket. `isPending` is the condition for what the mirror lacks, with `current` as its first
 * parameter. To look at a hundred thousand objects takes a tenth of a second: done again only after something was written.
 */
export function createSummary(
  database: DatabaseSync,
  { isPending, current }: { readonly isPending: string; readonly current: () => string },
): (bucket?: string) => InventorySummary {
  const countChanges = database.prepare('SELECT total_changes() AS changes');
  const sumUp = database.prepare(
    `SELECT bucket, count(*) AS objects, coalesce(sum(size), 0) AS bytes, coalesce(sum(pending), 0) AS "pendingObjects",
            coalesce(sum(CASE WHEN pending THEN size END), 0) AS "pendingBytes",
            coalesce(sum(CASE WHEN pending THEN (SELECT f.bytes FROM files AS f WHERE f.bucket = i.bucket AND f.name = i.name) END), 0)
              AS "replacedBytes"
     FROM (SELECT o.bucket, o.name, o.size, ${isPending} AS pending FROM inventory.objects AS o) AS i GROUP BY bucket`,
  );
  let known: { readonly state: string; readonly buckets: ReadonlyMap<string, InventorySummary> } | undefined;

  return (bucket) => {
    const state = `${current()} ${String(countChanges.get()?.['changes'])}`;
    if (known?.state !== state) known = { state, buckets: new Map(sumUp.all(current()).map(toSummary)) };
    return bucket === undefined ? [...known.buckets.values()].reduce(add, none) : (known.buckets.get(bucket) ?? none);
  };
}

function toSummary({ bucket, ...sums }: Record<string, unknown>): [string, InventorySummary] {
  return [String(bucket), sums as unknown as InventorySummary];
}

function add(one: InventorySummary, other: InventorySummary): InventorySummary {
  return {
    objects: one.objects + other.objects,
    bytes: one.bytes + other.bytes,
    pendingObjects: one.pendingObjects + other.pendingObjects,
    pendingBytes: one.pendingBytes + other.pendingBytes,
    replacedBytes: one.replacedBytes + other.replacedBytes,
  };
}

import type { Snapshot } from '../../context.ts';
import type { InventoryBucket, InventoryObject } from '../../domain/storage/inventory.ts';
import type { StorageFilter } from '../../domain/storage/filter.ts';
import type { Mirror } from '../../object-store.ts';

/** What the inventory leaves out. */
export interface LeftOut {
  readonly buckets: readonly string[];
  /** How many in buckets that are not left out, by bucket. */
  readonly objects: ReadonlyMap<string, number>;
  /** Patterns that fit no bucket. */
  readonly idlePatterns: readonly string[];
}

const rowsAtOnce = 1_000;

/**
 * Reads the buckets and objects that the database knows, in its snapshot, into the mirror's inventory. Rows come in portions, so that
 * memory does not grow with them. All columns are taken, whichever the project's version has, but `path_tokens`, which is computed.
 * Needs the tables storage.buckets and storage.objects.
 */
export async function captureInventory(
  snapshot: Pick<Snapshot, 'query'>,
  mirror: Pick<Mirror, 'startInventory' | 'addBuckets' | 'addObjects'>,
  filter: StorageFilter,
): Promise<LeftOut> {
  mirror.startInventory();
  const buckets = await snapshot.query<InventoryBucket & Record<string, unknown>>(
    'SELECT b.id, pg_catalog.to_jsonb(b)::text AS row FROM storage.buckets b ORDER BY b.id COLLATE "C"',
  );
  mirror.addBuckets(buckets.filter(({ id }) => filter.includesBucket(id)));
  const objects = await captureObjects(snapshot, mirror, filter);
  const ids = buckets.map(({ id }) => id);
  return { buckets: ids.filter((id) => !filter.includesBucket(id)), objects, idlePatterns: filter.withoutBucket(ids) };
}

interface ObjectRow extends Omit<InventoryObject, 'size'> {
  readonly size: string | null;
}

/** OFFSET: without it the row would be made anew for each of the columns. */
const declareCursor = `
  DECLARE agent_inventory NO SCROLL CURSOR FOR
  SELECT o.bucket_id AS bucket, o.name, r.row ->> 'version' AS version, r.row #>> '{metadata,eTag}' AS "eTag",
         r.row #>> '{metadata,size}' AS size, r.row ->> 'updated_at' AS "updatedAt", r.row::text AS row
    FROM storage.objects o
   CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(o) - 'path_tokens' AS row OFFSET 0) r`;

async function captureObjects(
  snapshot: Pick<Snapshot, 'query'>,
  mirror: Pick<Mirror, 'addObjects'>,
  filter: StorageFilter,
): Promise<ReadonlyMap<string, number>> {
  const leftOut = new Map<string, number>();
  await snapshot.query(declareCursor);
  for await (const rows of fetchAll(snapshot)) {
    const ofBuckets = rows.filter(({ bucket }) => filter.includesBucket(bucket));
    const wanted = ofBuckets.filter(({ bucket, name }) => {
      const included = filter.includesObject(bucket, name);
      if (!included) leftOut.set(bucket, (leftOut.get(bucket) ?? 0) + 1);
      return included;
    });
    mirror.addObjects(wanted.map((row) => ({ ...row, size: parseSize(row.size) })));
  }
  await snapshot.query('CLOSE agent_inventory');
  return leftOut;
}

/** The server works on the next rows while these are dealt with. */
async function* fetchAll(snapshot: Pick<Snapshot, 'query'>): AsyncGenerator<readonly ObjectRow[]> {
  const fetchRows = async (): Promise<ObjectRow[]> =>
    snapshot.query<ObjectRow & Record<string, unknown>>(`FETCH ${rowsAtOnce} FROM agent_inventory`);
  for (let next: Promise<ObjectRow[]> | undefined = fetchRows(); next !== undefined;) {
    const rows: ObjectRow[] = await next;
    next = rows.length < rowsAtOnce ? undefined : fetchRows();
    // What it fails with is thrown when its turn comes; nobody may be there for it when these rows cannot be dealt with.
    next?.catch(() => undefined);
    yield rows;
  }
}

/** Metadata is JSON that anybody may have written. */
function parseSize(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

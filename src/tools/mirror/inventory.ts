import { randomUUID } from 'node:crypto';
import { createSummary } from './summary.ts';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { InventoryBucket, InventoryObject, MirroredObject } from '../../domain/storage/inventory.ts';
import type { InventorySummary, ObjectName } from '../../object-store.ts';
import { comparable, inTransaction, userMetadataOf } from './file-index.ts';
import { sealWith } from './seal.ts';
import { completeRow, toBucket, toHeldFile, toMirroredObject, toObject, type HeldFile, type Row } from './rows.ts';

/** How many rows are in memory at once. */
const page = 1000;

/**
 * `o` (of the inventory) has the content that the file `f` has. The version tells; where one side has none (old rows; lists of the API),
 * eTag, size and time do, unless there is no time: then nothing does, and only what was stored for this very inventory counts.
 */
const sameContent = `
  f.bucket = o.bucket AND f.name = o.name AND (f.inventory IS ?1 OR
    CASE WHEN nullif(o.version, '') IS NOT NULL AND nullif(f.version, '') IS NOT NULL THEN o.version = f.version
         ELSE o.changed = f.changed AND o.e_tag IS f.e_tag AND o.size IS f.size END)`;

/** CROSS JOIN: in the order of the inventory, which is that of its key. */
const held = `inventory.objects AS o CROSS JOIN files AS f ON ${sameContent}`;
const isPending = `NOT EXISTS (SELECT 1 FROM files AS f WHERE ${sameContent})`;
/**
 * Not the content, but what tells of it. What was stored for this inventory may be newer than the inventory says, and is not to be taken
 * for what it says.
 */
const differs = '(f.inventory IS NOT ?1 AND (coalesce(o.version, f.version) IS NOT f.version OR o.changed IS NOT f.changed))';
const key = ['o.bucket', 'o.name'];
const inOrder = `ORDER BY o.bucket, o.name LIMIT ${page}`;

/** Statements that read a page each: `after` is true on the first one, and then what begins behind the last row of the one before. */
const selectPending = (after: string): string =>
  `SELECT o.* FROM inventory.objects AS o WHERE ${isPending} AND ${after} ${inOrder}`;
const selectMirrored = (after: string): string =>
  `SELECT o.*, f.path, f.bytes, f.sha256, f.version AS known_version, f.user_metadata FROM ${held} WHERE o.bucket = ? AND ${after} ${inOrder}`;
const selectHeld = (after: string): string =>
  `SELECT o.bucket, o.name, o.updated_at, f.path, f.bytes, f.touched, f.sha256, ${differs} AS moved
   FROM ${held} WHERE ${after} ${inOrder}`;
const selectDoubtful = (after: string): string => selectHeld(`f.touched IS NULL AND ${after}`);
const selectOthers = (after: string): string =>
  `SELECT f.bucket, f.name, f.path FROM files AS f
   WHERE NOT EXISTS (SELECT 1 FROM inventory.objects AS o WHERE o.bucket = f.bucket AND o.name = f.name) AND ${after}
   ORDER BY f.bucket, f.name LIMIT ${page}`;

/** What the index takes over from the inventory, by its columns. */
const adopted = [
  ['version', 'coalesce(o.version, f.version)'],
  ['changed', 'o.changed'],
  ['e_tag', 'o.e_tag'],
  ['size', 'o.size'],
  ['user_metadata', 'coalesce(user_metadata_of(o.row), f.user_metadata)'],
] as const;

export interface Inventory {
  /** Changes with every start; null before the first. */
  id(): string | null;
  /** Rows that the API lists are completed by what the index knows besides. */
  start(listedBy: 'database' | 'api'): void;
  addBuckets(buckets: readonly InventoryBucket[]): void;
  addObjects(objects: readonly InventoryObject[]): void;
  drop(object: ObjectName): void;
  buckets(): InventoryBucket[];
  summary(bucket?: string): InventorySummary;
  pending(): Iterable<InventoryObject>;
  mirrored(bucket: string): Iterable<MirroredObject>;
  heldFiles(): Iterable<HeldFile>;
  /** Those of which nobody knows whether they still have their SHA-256. */
  doubtfulFiles(): Iterable<HeldFile>;
  /** The index takes over what the inventory says of versions and times, where the content is the same. */
  adopt(): void;
  /** Files of the index that belong to no object of the inventory. */
  others(): Iterable<ObjectName & { readonly path: string }>;
}

/**
 * The inventory of this run, compared with the index by SQL. It is read page by page: rows that are stored or dropped meanwhile neither
 * disturb an iteration nor appear twice in it.
 */
export function createInventory(database: DatabaseSync): Inventory {
  let id: string | null = null;
  let isComplete = true;
  database.function('user_metadata_of', { deterministic: true }, (row) => userMetadataOf(String(row)));
  const insertBucket = database.prepare('INSERT OR REPLACE INTO inventory.buckets VALUES (?, ?)');
  const insertObject = database.prepare('INSERT OR REPLACE INTO inventory.objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const deleteObject = database.prepare('DELETE FROM inventory.objects WHERE bucket = ? AND name = ?');
  /** Never that of a file: `IS NULL` would be true for those of older runs. */
  const current = (): string => id ?? 'none';

  function* pages(
    select: (after: string) => string,
    values: readonly SQLInputValue[],
    columns: readonly string[],
  ): Generator<Row> {
    const names = columns.map((column) => column.slice(2));
    let rows = database.prepare(select('true')).all(...values);
    yield* rows;
    if (rows.length < page) return;
    const next = database.prepare(select(`(${columns.join(', ')}) > (${columns.map(() => '?').join(', ')})`));
    while (rows.length === page) {
      const last = rows.at(-1)!;
      rows = next.all(...values, ...names.map((name) => String(last[name])));
      yield* rows;
    }
  }

  return {
    id: () => id,
    start(listedBy) {
      id = randomUUID();
      isComplete = listedBy === 'database';
      database.exec('DELETE FROM inventory.objects; DELETE FROM inventory.buckets');
    },
    addBuckets(buckets) {
      inTransaction(database, () => {
        for (const bucket of buckets) insertBucket.run(bucket.id, bucket.row);
      });
    },
    addObjects(objects) {
      inTransaction(database, () => {
        for (const { bucket, name, version, eTag, size, updatedAt, row } of objects)
          insertObject.run(bucket, name, version, eTag, size, comparable(updatedAt), updatedAt, row);
      });
    },
    drop: ({ bucket, name }) => void deleteObject.run(bucket, name),
    buckets: () => database.prepare('SELECT id, row FROM inventory.buckets ORDER BY id').all().map(toBucket),
    summary: createSummary(database, { isPending, current }),
    *pending() {
      for (const row of pages(selectPending, [current()], key)) yield toObject(row);
    },
    *mirrored(bucket) {
      for (const row of pages(selectMirrored, [current(), bucket], ['o.name']))
        yield toMirroredObject(isComplete ? row : completeRow(row));
    },
    *heldFiles() {
      for (const row of pages(selectHeld, [current()], key)) yield toHeldFile(row);
    },
    *doubtfulFiles() {
      for (const row of pages(selectDoubtful, [current()], key)) yield toHeldFile(row);
    },
    adopt() {
      database
        .prepare(
          `UPDATE files AS f SET ${adopted.map(([column, value]) => `${column} = ${value}`).join(', ')},
                  seal = ${sealWith(Object.fromEntries(adopted))}
           FROM inventory.objects AS o
           WHERE ${sameContent} AND ${differs}`,
        )
        .run(current());
    },
    *others() {
      for (const { bucket, name, path } of pages(selectOthers, [], ['f.bucket', 'f.name']))
        yield { bucket: String(bucket), name: String(name), path: String(path) };
    },
  };
}

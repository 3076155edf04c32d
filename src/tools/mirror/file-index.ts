import type { DatabaseSync } from 'node:sqlite';
import type { MirroredObject } from '../../domain/storage/inventory.ts';
import { memberOf } from '../../domain/storage/json-text.ts';
import type { ObjectName, StoredObject } from '../../object-store.ts';
import { sealedColumns, sealWith } from './seal.ts';

export interface IndexedObject extends MirroredObject, Pick<StoredObject, 'userMetadata'> {
  /** When its file was last touched, as `touchedAt` tells it; null where nobody has seen that it still has its SHA-256. */
  readonly touched: number | null;
}

/** What the index knows of the files. */
export interface FileIndex {
  /** All of them or none. `inventory` is the one that they were stored for; null for what an older run did. */
  add(objects: readonly IndexedObject[], inventory: string | null): void;
  /** On the disk when it returns: so nothing wrong is known of a file that is replaced next, whatever happens. */
  forget(objects: readonly ObjectName[]): void;
  /** Notes of all files that it has to be seen again whether they have their SHA-256. */
  distrust(): void;
  has(object: ObjectName): boolean;
  /** Notes when files were last touched that have the SHA-256 which is known of them; null: that has to be seen again. */
  setTouched(files: readonly (ObjectName & { readonly touched: number | null })[]): void;
  count(): number;
}

/** `database` as openDatabase gives it; or the one that it is making. */
export function createFileIndex(database: DatabaseSync): FileIndex {
  const given = sealedColumns.map((column, index) => [column, `?${index + 1}`] as const);
  const values = given.map(([, parameter]) => parameter).join(', ');
  const insert = database.prepare(`INSERT OR REPLACE INTO files VALUES (${values}, ${sealWith(Object.fromEntries(given))})`);
  const touch = database.prepare(
    `UPDATE files AS f SET touched = ?3, seal = ${sealWith({ touched: '?3' })} WHERE bucket = ?1 AND name = ?2`,
  );
  const remove = database.prepare('DELETE FROM files WHERE bucket = ? AND name = ?');
  const find = database.prepare('SELECT 1 FROM files WHERE bucket = ? AND name = ?');
  const countAll = database.prepare('SELECT count(*) AS files FROM files');

  return {
    add(objects, inventory) {
      inTransaction(database, () => {
        for (const object of objects) {
          const { bucket, name, version, eTag, size, updatedAt, path, bytes, sha256, touched } = object;
          const userMetadata = object.userMetadata ?? userMetadataOf(object.row);
          const content = [version, eTag, size, comparable(updatedAt), userMetadata, inventory];
          insert.run(bucket, name, ...content, path, bytes, sha256, touched);
        }
      });
    },
    forget(objects) {
      if (objects.length === 0) return;
      database.exec('PRAGMA main.synchronous = FULL');
      inTransaction(database, () => {
        for (const { bucket, name } of objects) remove.run(bucket, name);
      });
      database.exec('PRAGMA main.synchronous = NORMAL');
    },
    setTouched(files) {
      if (files.length === 0) return;
      inTransaction(database, () => {
        for (const { bucket, name, touched } of files) touch.run(bucket, name, touched);
      });
    },
    distrust: () => database.exec(`UPDATE files AS f SET touched = NULL, seal = ${sealWith({ touched: 'NULL' })}`),
    has: ({ bucket, name }) => find.get(bucket, name) !== undefined,
    count: () => Number(countAll.get()?.['files']),
  };
}

/** What a row says of it, as JSON text; null where it says nothing. */
export function userMetadataOf(row: string): string | null {
  return memberOf(row, 'user_metadata') ?? null;
}

/** Runs `action` in a transaction of its own, or in that which is open already. */
export function inTransaction(database: DatabaseSync, action: () => void): void {
  if (database.isTransaction) {
    action();
    return;
  }
  database.exec('BEGIN');
  try {
    action();
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/** SQLite has done so itself when there was no room left. */
function rollBack(database: DatabaseSync): void {
  if (database.isTransaction) database.exec('ROLLBACK');
}

/**
 * A time in a form that is the same whether SQL or the API told of it: PostgreSQL writes microseconds and an offset, the API milliseconds
 * and a Z. What is no time stays as it is.
 */
export function comparable(updatedAt: string | null): string | null {
  if (updatedAt === null) return null;
  const milliseconds = Date.parse(updatedAt);
  return Number.isNaN(milliseconds) ? updatedAt : String(milliseconds);
}

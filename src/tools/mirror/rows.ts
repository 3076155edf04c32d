import type { InventoryBucket, InventoryObject, MirroredObject } from '../../domain/storage/inventory.ts';
import type { ObjectName } from '../../object-store.ts';

/** As node:sqlite gives it. */
export type Row = Record<string, unknown>;

/** A file that should have the content of an object of the inventory. */
export interface HeldFile extends ObjectName {
  readonly path: string;
  readonly bytes: number;
  /** As the inventory says. */
  readonly updatedAt: string | null;
  /** The row was changed since, the content not. */
  readonly moved: boolean;
  readonly touched: number | null;
  readonly sha256: string;
}

export function toBucket(row: Row): InventoryBucket {
  return { id: String(row['id']), row: String(row['row']) };
}

export function toObject(row: Row): InventoryObject {
  return {
    bucket: String(row['bucket']),
    name: String(row['name']),
    version: row['version'] as string | null,
    eTag: row['e_tag'] as string | null,
    size: row['size'] as number | null,
    updatedAt: row['updated_at'] as string | null,
    row: String(row['row']),
  };
}

export function toMirroredObject(row: Row): MirroredObject {
  return { ...toObject(row), path: String(row['path']), bytes: Number(row['bytes']), sha256: String(row['sha256']) };
}

/** Adds to the row of an object that the API has listed what is known of it besides, where it says nothing of that itself. */
export function completeRow(row: Row): Row {
  const text = String(row['row']);
  const told = JSON.parse(text) as object;
  const version = row['known_version'] === null ? undefined : JSON.stringify(row['known_version']);
  const known = { version, user_metadata: row['user_metadata'] as string | null };
  const added = Object.entries(known).filter(([name, value]) => typeof value === 'string' && !Object.hasOwn(told, name));
  return { ...row, row: `${text.slice(0, -1)}${added.map(([name, value]) => `,"${name}":${value}`).join('')}}` };
}

export function toHeldFile(row: Row): HeldFile {
  return {
    bucket: String(row['bucket']),
    name: String(row['name']),
    path: String(row['path']),
    bytes: Number(row['bytes']),
    updatedAt: row['updated_at'] as string | null,
    moved: row['moved'] === 1,
    touched: row['touched'] as number | null,
    sha256: String(row['sha256']),
  };
}

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

export function toHeldFile(row: Row): HeldFile {
  return {
    bucket: String(row['bucket']),
    name: String(row['name']),
    path: String(row['path']),
    bytes: Number(row['bytes']),
    updatedAt: row['updated_at'] as string | null,
    moved: row['moved'] === 1,
  };
}

/** A bucket or an object as the database tells of it, in the snapshot of the dump; or, without a database, as the API lists it. */
export interface InventoryBucket {
  readonly id: string;
  /** The whole row of storage.buckets, as PostgreSQL writes it as JSON: numbers in it may be larger than JavaScript's. The API tells less. */
  readonly row: string;
}

export interface InventoryObject {
  /** The id of its bucket. */
  readonly bucket: string;
  readonly name: string;
  /** What tells one content from another; null on old rows, and in lists of the API, where eTag, size and updatedAt have to do. */
  readonly version: string | null;
  readonly eTag: string | null;
  /** Bytes; null where the row does not say. */
  readonly size: number | null;
  readonly updatedAt: string | null;
  /** The whole row of storage.objects but what is computed from others, as PostgreSQL writes it as JSON. The API tells less. */
  readonly row: string;
}

/** An object whose bytes lie in the mirror. */
export interface MirroredObject extends InventoryObject {
  /** Where they lie, below the mirror's directory, and in the archive. */
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  /** How many there are. */
  readonly bytes: number;
}

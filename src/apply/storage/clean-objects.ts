import type { Session } from '../../context.ts';
import { mayClean } from '../../domain/storage/cleaning.ts';
import type { StorageManifest } from '../../domain/storage/manifest.ts';
import type { ObjectSelection } from '../../domain/storage/object-selection.ts';
import type { ObjectStore } from '../../object-store.ts';
import { findOtherObjects } from './target-rows.ts';

export interface CleanedTarget {
  readonly store: Pick<ObjectStore, 'remove'>;
  /** To the database of the target. */
  readonly session: Pick<Session, 'query'>;
  readonly manifest: StorageManifest;
  readonly selection: ObjectSelection;
}

export interface Cleaned {
  /** How many objects were removed. */
  readonly removed: number;
  /** Buckets with objects that the backup does not hold, which stay: it does not hold all that the project had there (`mayClean`). */
  readonly notCleaned: readonly string[];
}

/** Removes from a bucket what the backup does not hold; `names` are all that it does. Throws StorageError. */
export async function cleanBucket(
  { store, session, manifest, selection }: CleanedTarget,
  bucket: string,
  names: readonly string[],
): Promise<Cleaned> {
  const others = await findOtherObjects(session, bucket, names);
  if (others.length === 0) return { removed: 0, notCleaned: [] };
  if (!mayClean(manifest, selection, bucket)) return { removed: 0, notCleaned: [bucket] };
  await store.remove(bucket, others);
  return { removed: others.length, notCleaned: [] };
}

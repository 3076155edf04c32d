import { holdsAllOf, holdsEverything, type StorageManifest } from './manifest.ts';
import { selectsBucket, type ObjectSelection } from './object-selection.ts';

/**
 * Where a restore with --clean removes objects that the backup does not hold: in buckets that come back whole, and in buckets that only
 * the target has when all of Storage comes back. Only if the backup has all that its project had there: what it could not read, or was
 * told to leave out, may be what the target still has.
 */
export function mayClean(manifest: StorageManifest, selection: ObjectSelection, bucket: string): boolean {
  if (manifest.buckets.some(({ id }) => id === bucket)) return selectsBucket(selection, bucket) && holdsAllOf(manifest, bucket);
  return selection.buckets === undefined && holdsEverything(manifest);
}

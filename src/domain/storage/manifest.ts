import { z } from 'zod';
import { commonManifestSchema, manifestSchema } from '../manifest.ts';

const count = z.number().int().nonnegative();

const bucketSchema = z.object({
  id: z.string(),
  /** Those in the archive, and their bytes. */
  objects: count,
  bytes: count,
  /** Those that the inventory has and the archive has not. */
  missing: count,
  /** Those that STORAGE_BUCKETS and STORAGE_EXCLUDE left out; absent for none. */
  leftOut: count.optional(),
});

/** RECOVERY.md or a sidecar: size and SHA-256 of what was archived. The sums of objects stand in `objects.jsonl`. */
const partSchema = z.object({ path: z.string(), bytes: count, sha256: z.string() });

/** How many names a manifest lists; however many there are, it has to stay small. */
export const listedNames = 1000;

/** Objects that cannot be counted on being there: they are in no archive, though the inventory has them. */
const missingSchema = z.object({
  count,
  /** The first 1000. */
  names: z.array(
    z.object({
      bucket: z.string(),
      name: z.string(),
      reason: z.string(),
      /** The row is there, and the bytes are not, which does not pass. */
      lost: z.literal(true).optional(),
    }),
  ),
});

/** Objects that were not what the snapshot says when their turn came: archived as they were then, or gone. */
const changedSchema = z.object({
  count,
  /** The first 1000. */
  names: z.array(z.object({ bucket: z.string(), name: z.string(), what: z.enum(['changed', 'removed']) })),
});

/** `manifest.json`, the last file of a storage archive. Readers ignore what they do not know; it is only ever extended. */
export const storageManifestSchema = commonManifestSchema.extend({
  kind: z.literal('storage'),
  tools: z.object({ borg: z.string(), node: z.string() }),
  /** The Storage API that the objects come from. */
  source: z.object({ url: z.string() }),
  /** Where the inventory comes from: the API tells less (apiLimits), which stands in the coverage list. */
  listedBy: z.enum(['database', 'api']),
  totals: z.object({
    buckets: count,
    objects: count,
    bytes: count,
    /** What this run has fetched; the rest lay in the mirror. */
    downloadedObjects: count,
    downloadedBytes: count,
  }),
  buckets: z.array(bucketSchema),
  /** Ids of buckets that STORAGE_BUCKETS and STORAGE_EXCLUDE left out; absent for none. */
  leftOutBuckets: z.array(z.string()).optional(),
  parts: z.array(partSchema),
  missing: missingSchema,
  changed: changedSchema,
  /** What STORAGE_MAX_EGRESS has left for the next run. */
  left: z.object({ objects: count, bytes: count }),
});

/** The manifest of an archive of either kind. */
export const archiveManifestSchema = z.discriminatedUnion('kind', [manifestSchema, storageManifestSchema]);

export type StorageManifest = z.infer<typeof storageManifestSchema>;

/** How many of the missing objects that are named have lost their bytes. */
export function countLost({ missing }: StorageManifest): number {
  return missing.names.filter(({ lost }) => lost).length;
}

/** Whether the archive has all that the project had of a bucket: what it does not hold was not there. */
export function holdsAllOf({ buckets, safetyBackupOf }: StorageManifest, bucket: string): boolean {
  // A safety backup holds what was about to go, and nothing else.
  if (safetyBackupOf !== undefined) return false;
  return buckets.some(({ id, missing, leftOut = 0 }) => id === bucket && missing + leftOut === 0);
}

/** The same of all Storage. An archive without any bucket may be of a project whose Storage could not be seen. */
export function holdsEverything(manifest: StorageManifest): boolean {
  const { status, buckets, leftOutBuckets = [] } = manifest;
  const all = [status === 'complete', buckets.length > 0, leftOutBuckets.length === 0];
  return all.every(Boolean) && buckets.every(({ id }) => holdsAllOf(manifest, id));
}

import type { InventoryBucket } from '../../domain/storage/inventory.ts';
import { settingsOfRow } from '../../domain/storage/rows.ts';
import type { BucketSettings } from '../../domain/storage/settings.ts';
import type { ObjectStore } from '../../object-store.ts';

type BucketStore = Pick<ObjectStore, 'bucketSettings' | 'createBucket' | 'updateBucket'>;

export interface OpenedBuckets {
  readonly created: readonly string[];
  /** Gives the buckets their settings: the captured ones, or those that they had where only a part of them was asked for. */
  close(): Promise<void>;
}

export interface WantedBucket extends InventoryBucket {
  /** Whether all of it was asked for, and so its settings, too. */
  readonly whole: boolean;
}

/**
 * Makes the buckets that are missing, and lifts the limits of all for the time of a restore: what was stored before a limit was set has to
 * come back. Who calls closes them, whatever happens. Throws StorageError; then those that were opened are closed again.
 */
export async function openBuckets(store: BucketStore, buckets: readonly WantedBucket[]): Promise<OpenedBuckets> {
  const created: string[] = [];
  const finals = new Map<string, BucketSettings>();
  const close = async (): Promise<void> => {
    for (const [id, settings] of finals) await store.updateBucket(id, settings);
  };
  try {
    for (const { id, row, whole } of buckets) {
      const captured = settingsOfRow(row);
      const before = await store.bucketSettings(id);
      const open = { ...(before ?? captured), fileSizeLimit: null, allowedMimeTypes: null };
      if (before === undefined) {
        await store.createBucket(id, open);
        created.push(id);
      }
      finals.set(id, whole ? captured : (before ?? captured));
      if (before !== undefined && !hasNoLimits(before)) await store.updateBucket(id, open);
    }
    return { created, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

function hasNoLimits({ fileSizeLimit, allowedMimeTypes }: BucketSettings): boolean {
  return fileSizeLimit === null && allowedMimeTypes === null;
}

import type { RunContext } from '../context.ts';
import type { InventorySummary } from '../object-store.ts';
import { measureRoom, type MirrorRoom } from './mirror-room.ts';
import { captureStorageAlone, openStorageRun, requireStorage } from './storage-inventory.ts';

export interface Estimate {
  /** All that Storage holds of what is configured, and of that what the next backup would download. */
  readonly inventory: InventorySummary;
  /** What the limit of egress would leave for later; 0 without a limit. */
  readonly beyondLimitBytes: number;
  readonly room: MirrorRoom;
}

/**
 * Tells what the next backup would download, without downloading anything. Throws AppError configuration when Storage is not
 * configured, source_unreachable, locked; failed when its tables cannot be read.
 */
export async function estimate(context: RunContext): Promise<Estimate> {
  requireStorage(context);
  const lock = await context.state.acquireLock();
  const storageRun = openStorageRun(context)!;
  try {
    await captureStorageAlone(context, storageRun);
    const inventory = storageRun.mirror.summary();
    const limit = context.config.storage!.maxEgressBytes ?? Infinity;
    const room = await measureRoom(context, storageRun.mirror);
    return { inventory, beyondLimitBytes: Math.max(0, inventory.pendingBytes - limit), room };
  } finally {
    storageRun.close();
    context.progress.end();
    lock.release();
  }
}

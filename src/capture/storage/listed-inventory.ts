import type { RunContext } from '../../context.ts';
import type { StorageFilter } from '../../domain/storage/filter.ts';
import { defaultRetryDelayMs, withRetries, type RetryPolicy } from '../../object-requests.ts';
import type { Mirror, ObjectStore } from '../../object-store.ts';
import type { LeftOut } from './inventory.ts';

export interface ListedInventoryRequest {
  readonly store: Pick<ObjectStore, 'listBuckets' | 'listPage'>;
  readonly mirror: Pick<Mirror, 'startInventory' | 'addBuckets' | 'addObjects'>;
  readonly filter: StorageFilter;
  /** Milliseconds before the first attempt after a failure; 500 unless given. */
  readonly retryDelayMs?: number;
}

/**
 * Reads the buckets and objects that the Storage API lists into the mirror's inventory, where there is no database to read them from. Pages
 * come one after the other, and not as of one moment: what is changed meanwhile is listed as it was before, or after that. Throws
 * StorageError for a list that cannot be read to its end, so that it is never taken for a shorter one.
 */
export async function captureListedInventory(context: RunContext, request: ListedInventoryRequest): Promise<LeftOut> {
  const { store, mirror, filter } = request;
  mirror.startInventory('api');
  const policy = retryPolicy(context, request);
  const all = await withRetries(policy, context.signal, () => store.listBuckets());
  const ids = all.map(({ id }) => id);
  const buckets = all.filter(({ id }) => filter.includesBucket(id));
  mirror.addBuckets(buckets);
  const leftOut = new Map<string, number>();
  for (const { id } of buckets) {
    const unwanted = await captureBucket(context, request, id);
    if (unwanted > 0) leftOut.set(id, unwanted);
  }
  return {
    buckets: ids.filter((id) => !filter.includesBucket(id)),
    objects: leftOut,
    idlePatterns: filter.withoutBucket(ids),
  };
}

/** Answers how many objects were left out. */
async function captureBucket(context: RunContext, request: ListedInventoryRequest, bucket: string): Promise<number> {
  const { store, mirror, filter } = request;
  const policy = retryPolicy(context, request);
  let leftOut = 0;
  let cursor: string | undefined;
  do {
    const from = cursor;
    const page = await withRetries(policy, context.signal, () => store.listPage(bucket, from, context.signal));
    const wanted = page.objects.filter(({ name }) => filter.includesObject(bucket, name));
    leftOut += page.objects.length - wanted.length;
    mirror.addObjects(wanted);
    cursor = page.next;
  } while (cursor !== undefined);
  return leftOut;
}

function retryPolicy(
  { config, clock }: RunContext,
  { retryDelayMs = defaultRetryDelayMs }: ListedInventoryRequest,
): RetryPolicy {
  return { retries: config.storageRetries, delayMs: retryDelayMs, clock };
}

import type { Session } from '../../context.ts';
import type { InventoryBucket } from '../../domain/storage/inventory.ts';
import type { BucketDifference } from '../../domain/storage/object-comparison.ts';
import { settingsOfRow } from '../../domain/storage/rows.ts';
import type { BucketSettings } from '../../domain/storage/settings.ts';
import { findBuckets, findOtherBuckets } from './target-rows.ts';

/** The buckets whose settings are not those of the backup and, if these are `all` that it has, those of the target besides. */
export async function compareBuckets(
  session: Pick<Session, 'query'>,
  buckets: readonly InventoryBucket[],
  all: boolean,
): Promise<BucketDifference[]> {
  const rows = await findBuckets(
    session,
    buckets.map(({ id }) => id),
  );
  const found = new Map(rows.map(({ id, row }) => [id, settingsOfRow(row)]));
  const others = all ? await findOtherBuckets(session, buckets) : [];
  const differing = buckets.flatMap(({ id, row }): BucketDifference[] => {
    const now = found.get(id);
    if (now === undefined) return [{ bucket: id, kind: 'missing', what: [] }];
    const what = differencesOf(settingsOfRow(row), now);
    return what.length === 0 ? [] : [{ bucket: id, kind: 'different', what }];
  });
  return [...differing, ...others.map((bucket): BucketDifference => ({ bucket, kind: 'extra', what: [] }))];
}

function differencesOf(captured: BucketSettings, now: BucketSettings): string[] {
  return [
    ...(captured.public === now.public ? [] : ['public']),
    ...(captured.fileSizeLimit === now.fileSizeLimit ? [] : ['size limit']),
    ...(typesOf(captured) === typesOf(now) ? [] : ['types']),
  ];
}

function typesOf({ allowedMimeTypes }: BucketSettings): string {
  return JSON.stringify(allowedMimeTypes?.toSorted() ?? null);
}

import { holdsAllOf, type StorageManifest } from '../storage/manifest.ts';
import type { BucketDifference, ObjectDifference } from '../storage/object-comparison.ts';
import type { DrillFindings } from './check.ts';

/** What was read of a storage archive. */
export interface ReadObjects {
  /** How many objects its sidecars name. */
  readonly named: number;
  /** Of how many the bytes were read and are those that were downloaded once. */
  readonly good: number;
  readonly bytes: number;
  /** Of how many percent the bytes were to be read. */
  readonly sample: number;
  /** "bucket/name: reason" */
  readonly damaged: readonly string[];
}

/** Whether the bytes of the objects are those that were captured. What the backup never had cannot be looked at. */
export function judgeObjects(manifest: StorageManifest, read: ReadObjects): DrillFindings {
  const { named, good, bytes, sample, damaged } = read;
  const { totals, missing } = manifest;
  const told =
    totals.objects === named ? [] : [`the manifest tells of ${totals.objects} objects, and the sidecars of ${named}`];
  const part = sample < 100 ? `, a sample of ${sample} % of ${named.toLocaleString('en-US')}` : '';
  return {
    detail: `${good.toLocaleString('en-US')} objects with ${bytes.toLocaleString('en-US')} bytes${part}`,
    failed: [...damaged, ...told],
    notChecked: [
      ...(missing.count === 0 ? [] : [`${missing.count} objects are not in the backup (agent show names them)`]),
      ...(named > 0 && good + damaged.length === 0 ? ['the sample holds none of the objects: take a larger one'] : []),
    ],
  };
}

/** What the restored rows say of buckets and objects, beside what the archive holds. */
export interface ComparedRows {
  readonly compared: number;
  readonly differences: readonly ObjectDifference[];
  readonly buckets: readonly BucketDifference[];
}

/**
 * Whether each object of the archive has its row, each row its object, and each bucket its settings. What changed while the backup was
 * made, or was left out of it, is named in its manifest, and is no fault of either.
 */
export function judgeStorageRows(manifest: StorageManifest, { compared, differences, buckets }: ComparedRows): DrillFindings {
  const named = [...manifest.missing.names, ...manifest.changed.names];
  const known = new Set(named.map(({ bucket, name }) => JSON.stringify([bucket, name])));
  const isCut = manifest.missing.count + manifest.changed.count > named.length;
  const leftOut = new Set(manifest.leftOutBuckets);
  const isForetold = ({ bucket, name, kind }: ObjectDifference): boolean =>
    isCut || known.has(JSON.stringify([bucket, name])) || (kind === 'extra' && !holdsAllOf(manifest, bucket));
  const counting = differences.filter(({ bucket }) => !leftOut.has(bucket));
  return {
    detail: `${compared.toLocaleString('en-US')} objects in ${manifest.buckets.length} buckets`,
    failed: [
      ...counting.filter((difference) => !isForetold(difference)).map(describeObject),
      ...buckets.filter(({ bucket }) => !leftOut.has(bucket)).map(describeBucket),
    ],
    notChecked: counting.filter(isForetold).map(describeObject),
  };
}

function describeObject({ bucket, name, kind, what }: ObjectDifference): string {
  const place = `${bucket}/${name}`;
  if (kind === 'missing') return `${place}: the object is there, and its row is not`;
  if (kind === 'extra') return `${place}: the row is there, and its object is not`;
  return `${place}: other than in its row: ${what.join(', ')}`;
}

function describeBucket({ bucket, kind, what }: BucketDifference): string {
  if (kind === 'missing') return `bucket ${bucket}: it has no row`;
  if (kind === 'extra') return `bucket ${bucket}: the archive does not hold it`;
  return `bucket ${bucket}: other than in its row: ${what.join(', ')}`;
}

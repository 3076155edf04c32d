/** What an object or a bucket of a target has otherwise than the backup, by its name. */
export interface ObjectDifference {
  readonly bucket: string;
  readonly name: string;
  /** unreadable: it is there, but its bytes could not be had, so that nothing is known of them. */
  readonly kind: 'different' | 'missing' | 'extra' | 'unreadable';
  /** Of what is different: "content", "size", "content type", "cache-control", "user metadata", "no bytes"; of what is unreadable why. */
  readonly what: readonly string[];
}

export interface BucketDifference {
  readonly bucket: string;
  /** extra: the backup does not hold it. */
  readonly kind: 'different' | 'missing' | 'extra';
  /** "public", "size limit", "types". */
  readonly what: readonly string[];
}

export interface ObjectComparison {
  /** Objects of the backup that were looked at. */
  readonly compared: number;
  /** Of how many of these the bytes were read, and how many bytes came: what it cost of the target's egress. */
  readonly downloaded: number;
  readonly bytes: number;
  readonly equal: number;
  readonly different: number;
  readonly missing: number;
  /** Those that the backup does not hold, in its buckets and, where all of Storage is compared, in others. */
  readonly extra: number;
  readonly unreadable: number;
  /** Of all that are not equal, a bucket at a time. */
  readonly differences: readonly ObjectDifference[];
  readonly buckets: readonly BucketDifference[];
}

/** Whether a target has everything as the backup does; it may have more. */
export function hasAllObjects({ different, missing, unreadable, buckets }: ObjectComparison): boolean {
  return different + missing + unreadable === 0 && buckets.every(({ kind }) => kind === 'extra');
}

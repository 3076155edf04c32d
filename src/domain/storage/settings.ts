/** What a bucket demands of its objects, and who may read them. */
export interface BucketSettings {
  readonly public: boolean;
  /** Bytes; null for no limit. */
  readonly fileSizeLimit: number | null;
  /** Null for all. */
  readonly allowedMimeTypes: readonly string[] | null;
}

/** What a bucket of a target gets back when the restore that has lifted it ends: noted in case that it is killed before. */
export interface LiftedLimits extends Pick<BucketSettings, 'fileSizeLimit' | 'allowedMimeTypes'> {
  /** Of the target's Storage. */
  readonly url: string;
  readonly bucket: string;
}

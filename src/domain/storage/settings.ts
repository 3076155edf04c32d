/** What a bucket demands of its objects, and who may read them. */
export interface BucketSettings {
  readonly public: boolean;
  /** Bytes; null for no limit. */
  readonly fileSizeLimit: number | null;
  /** Null for all. */
  readonly allowedMimeTypes: readonly string[] | null;
}

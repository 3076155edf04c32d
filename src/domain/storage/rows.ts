import { z } from 'zod';
import type { BucketSettings } from './settings.ts';

/** Of storage.buckets, as far as a restore looks at it. */
export const bucketRowSchema = z.object({
  id: z.string(),
  public: z.boolean().nullish(),
  file_size_limit: z.number().nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
});

/** What of an object's metadata tells one content from another. Anybody may have written it: what is of another shape counts as unknown. */
export const contentMetadataSchema = z
  .object({ eTag: z.string().nullish().catch(null), size: z.int().nonnegative().nullish().catch(null) })
  .nullish()
  .catch(null);

/** Of storage.objects, as far as a restore looks at it. */
export const objectRowSchema = z.object({
  version: z.string().nullish(),
  updated_at: z.string().nullish(),
  metadata: z
    .object({
      eTag: z.string().nullish().catch(null),
      mimetype: z.string().nullish().catch(null),
      cacheControl: z.string().nullish().catch(null),
    })
    .nullish()
    .catch(null),
  // Storage has it since 2024.
  user_metadata: z.unknown().optional(),
});

export type ObjectRow = z.infer<typeof objectRowSchema>;

/** What a row of storage.buckets says of the bucket's settings. Throws where it is no such row. */
export function settingsOfRow(row: string): BucketSettings {
  const parsed = bucketRowSchema.parse(JSON.parse(row));
  return {
    public: parsed.public ?? false,
    fileSizeLimit: parsed.file_size_limit ?? null,
    allowedMimeTypes: parsed.allowed_mime_types ?? null,
  };
}

/** What a restore needs of a row of storage.objects. Throws where it is no such row. */
export function parseObjectRow(row: string): ObjectRow {
  return objectRowSchema.parse(JSON.parse(row));
}

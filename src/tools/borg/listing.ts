import { z } from 'zod';
import type { ArchiveListing, ArchiveSizes, RepositorySizes } from '../../context.ts';

const listingSchema = z.object({
  archives: z.array(z.object({ name: z.string(), id: z.string(), hostname: z.string() })),
});

const statsSchema = z.object({ original_size: z.number(), deduplicated_size: z.number() });
const infoSchema = z.object({ archives: z.tuple([z.object({ stats: statsSchema })]) });
const createSchema = z.object({
  archive: z.object({ stats: statsSchema }),
  // Only for monitoring: whatever it looks like, the archive is there.
  cache: z
    .object({ stats: z.object({ total_size: z.number(), unique_csize: z.number() }) })
    .optional()
    .catch(undefined),
});

/** Reads `borg list --json`, oldest archive first. */
export function parseListing(json: string): ArchiveListing[] {
  return listingSchema.parse(JSON.parse(json)).archives;
}

/** Reads `borg info --json` of one archive. */
export function parseSizes(json: string): ArchiveSizes {
  return toSizes(infoSchema.parse(JSON.parse(json)).archives[0].stats);
}

/** Reads what `borg create --json` says at its end. */
export function parseCreated(json: string): {
  readonly archive: ArchiveSizes;
  readonly repository: RepositorySizes | undefined;
} {
  const { archive, cache } = createSchema.parse(JSON.parse(json));
  return {
    archive: toSizes(archive.stats),
    repository: cache && { originalBytes: cache.stats.total_size, storedBytes: cache.stats.unique_csize },
  };
}

function toSizes(stats: z.infer<typeof statsSchema>): ArchiveSizes {
  return { originalBytes: stats.original_size, deduplicatedBytes: stats.deduplicated_size };
}

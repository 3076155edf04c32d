import { z } from 'zod';
import type { ArchiveListing, ArchiveSizes, RepositorySizes } from '../../context.ts';
import { AppError } from '../../errors.ts';

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

/** Reads `borg list --json`, oldest archive first. Throws AppError repository_failed, as the others do. */
export function parseListing(json: string): ArchiveListing[] {
  return parseAs(listingSchema, 'list', json).archives;
}

/** Reads `borg info --json` of one archive. */
export function parseSizes(json: string): ArchiveSizes {
  return toSizes(parseAs(infoSchema, 'info', json).archives[0].stats);
}

/** Reads what `borg create --json` says at its end. */
export function parseCreated(json: string): {
  readonly archive: ArchiveSizes;
  readonly repository: RepositorySizes | undefined;
} {
  const { archive, cache } = parseAs(createSchema, 'create', json);
  return {
    archive: toSizes(archive.stats),
    repository: cache && { originalBytes: cache.stats.total_size, storedBytes: cache.stats.unique_csize },
  };
}

function toSizes(stats: z.infer<typeof statsSchema>): ArchiveSizes {
  return { originalBytes: stats.original_size, deduplicatedBytes: stats.deduplicated_size };
}

function parseAs<Schema extends z.ZodType>(schema: Schema, verb: string, json: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(json));
  } catch (error) {
    throw new AppError('repository_failed', `What borg ${verb} answered cannot be understood. Earlier archives are safe.`, {
      hint: 'Is `borg` on the PATH (here, and BORG_REMOTE_PATH over there) really Borg 1.2 or 1.4? `agent doctor` names its version.',
      cause: error,
    });
  }
}

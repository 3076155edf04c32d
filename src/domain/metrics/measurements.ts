import { z } from 'zod';
import { archiveKinds, type ArchiveKind } from '../archive-name.ts';

const count = z.number().nonnegative();

/** Commands whose runs are measured stage by stage. */
const measuredCommands = ['backup', 'verify'] as const;
export type MeasuredCommand = (typeof measuredCommands)[number];

/**
 * What runs have measured, as it is kept between them: of each thing the last that is known. What a run did not get to know, because it
 * failed or was not asked for it, stays as it was.
 */
export const measurementsSchema = z.object({
  /** How long each stage of the last run of a command took. */
  stagesMs: z.partialRecord(z.enum(measuredCommands), z.record(z.string(), count)),
  /** Of the newest archive of a kind. */
  archives: z.partialRecord(z.enum(archiveKinds), z.object({ readBytes: count, deduplicatedBytes: count })),
  storage: z
    .object({
      objects: count,
      bytes: count,
      fetchedObjects: count,
      fetchedBytes: count,
      missingObjects: count,
      leftObjects: count,
    })
    .optional(),
  repository: z.object({ originalBytes: count, storedBytes: count }).optional(),
});

export type Measurements = z.infer<typeof measurementsSchema>;

export const noMeasurements: Measurements = { stagesMs: {}, archives: {} };

/** Reads what an earlier run has kept. Of what cannot be read nothing is known: the next runs measure it again. */
export function parseMeasurements(json: string | undefined): Measurements {
  if (json === undefined) return noMeasurements;
  try {
    return measurementsSchema.parse(JSON.parse(json));
  } catch {
    return noMeasurements;
  }
}

/** What one run has measured. */
export interface RunMeasurements {
  readonly command: string;
  readonly stagesMs: Readonly<Record<string, number>>;
  readonly archives: Readonly<Partial<Record<ArchiveKind, { readonly readBytes: number; readonly deduplicatedBytes: number }>>>;
  readonly storage: Measurements['storage'];
  readonly repository: Measurements['repository'];
}

/** Adds a run to what is known. */
export function addRun(known: Measurements, run: RunMeasurements): Measurements {
  const measured = measuredCommands.find((command) => command === run.command);
  const storage = run.storage ?? known.storage;
  const repository = run.repository ?? known.repository;
  return {
    stagesMs: measured === undefined ? known.stagesMs : { ...known.stagesMs, [measured]: { ...run.stagesMs } },
    archives: { ...known.archives, ...run.archives },
    ...(storage === undefined ? {} : { storage }),
    ...(repository === undefined ? {} : { repository }),
  };
}

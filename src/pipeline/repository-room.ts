import type { RunContext } from '../context.ts';
import { parseMeasurements } from '../domain/metrics/measurements.ts';
import { AppError } from '../errors.ts';

type RoomContext = Pick<RunContext, 'repository' | 'files' | 'state'>;

/** What a Borg repository in use wants besides, whatever is written: a segment and the largest object in it. */
const workingBytes = 520 * 1024 ** 2;
/** From one backup to the next more may have changed than from the one before. */
const growthOfLater = 2;
/** What of a database is left by compression; its indexes are no part of a dump. */
const shareOfFirst = 1 / 3;

/**
 * Looks whether there is room for an archive of a database of this size, before anything is dumped. Answers warnings; throws AppError no_space only when
 * Borg would certainly refuse. Of a remote repository nothing is known.
 */
export async function checkDatabaseRoom(context: RoomContext, sourceBytes: number): Promise<string[]> {
  const last = parseMeasurements(context.state.measurements()).archives.database;
  const [bytes, why] =
    last === undefined
      ? [sourceBytes * shareOfFirst, `it is the first one, and the database has ${describe(sourceBytes)}`]
      : [last.deduplicatedBytes * growthOfLater, `the last one took ${describe(last.deduplicatedBytes)}`];
  return checkRoom(context, Math.round(bytes) + workingBytes, why);
}

/** The same for objects, which hardly anything can be compressed of. */
export async function checkObjectsRoom(context: RoomContext, newBytes: number): Promise<string[]> {
  return checkRoom(context, newBytes + workingBytes, `${describe(newBytes)} of objects are new`);
}

async function checkRoom({ repository, files }: RoomContext, likelyBytes: number, why: string): Promise<string[]> {
  for (const { directory, bytes } of await repository.leastRoom()) {
    const freeBytes = await measureFree(files, directory);
    if (freeBytes === undefined || freeBytes >= bytes) continue;
    throw new AppError(
      'no_space',
      `${describe(freeBytes)} are free at ${directory}, and Borg begins no archive there with less than ${describe(bytes)}. Nothing was dumped, and earlier archives are safe.`,
      {
        hint: 'Make room on that file system; if only old backups are in the way, lower RETENTION_DAYS and run `agent prune`.',
      },
    );
  }
  const { location } = repository;
  const freeBytes = location.startsWith('/') ? await measureFree(files, location) : undefined;
  if (freeBytes === undefined || freeBytes >= likelyBytes) return [];
  return [
    `little room: ${describe(freeBytes)} are free at ${location}, and this backup may have needed ${describe(likelyBytes)} (${why}): the next one may not fit`,
  ];
}

/** Undefined for what is not there: that is for others to say. */
async function measureFree(files: RoomContext['files'], directory: string): Promise<number | undefined> {
  return files.freeBytes(directory).catch(() => undefined);
}

function describe(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} bytes`;
}

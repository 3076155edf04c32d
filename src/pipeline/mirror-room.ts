import type { RunContext } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Mirror } from '../object-store.ts';

type MeasuredMirror = Pick<Mirror, 'directory' | 'summary' | 'pending'>;

/** What a run needs on the file system of the mirror, at the least, and what there is. */
export interface MirrorRoom {
  readonly neededBytes: number;
  readonly freeBytes: number;
  readonly fits: boolean;
}

/**
 * Compares what the next download brings, as far as the inventory tells sizes, with the room for it. What it replaces is taken off: so
 * what does not fit by this can fit in no order.
 */
export async function measureRoom(
  { config, files }: Pick<RunContext, 'config' | 'files'>,
  mirror: MeasuredMirror,
): Promise<MirrorRoom> {
  const { pendingBytes, replacedBytes } = mirror.summary();
  const maxBytes = config.storage?.maxEgressBytes ?? Infinity;
  const comingBytes = pendingBytes <= maxBytes ? pendingBytes : countComing(mirror, maxBytes);
  const neededBytes = Math.max(0, comingBytes - replacedBytes);
  const freeBytes = await files.freeBytes(mirror.directory);
  return { neededBytes, freeBytes, fits: neededBytes <= freeBytes };
}

/** Throws AppError no_space when what is to come cannot fit: better now than after hours, and on a disk that is not full yet. */
export async function assertRoom(context: Pick<RunContext, 'config' | 'files'>, mirror: MeasuredMirror): Promise<void> {
  const { neededBytes, freeBytes, fits } = await measureRoom(context, mirror);
  if (fits) return;
  throw new AppError(
    'no_space',
    `The objects that are to be downloaded do not fit into the mirror ${mirror.directory}: they need ${describe(neededBytes)} more than it has, and ${describe(freeBytes)} are free. None was downloaded, and what the mirror holds is kept.`,
    {
      hint: 'Make room on that file system, point STATE_DIR to a larger one, or leave buckets out with STORAGE_EXCLUDE; `agent estimate` tells what is to come.',
    },
  );
}

/** Bytes of the objects that STORAGE_MAX_EGRESS lets come: those before the first one that goes beyond it. */
function countComing(mirror: MeasuredMirror, maxBytes: number): number {
  let coming = 0;
  for (const { size } of mirror.pending()) {
    if (coming + (size ?? 0) > maxBytes) break;
    coming += size ?? 0;
  }
  return coming;
}

function describe(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} bytes`;
}

import type { Session } from '../../context.ts';
import type { StateStore } from '../../state-store.ts';
import type { InventoryBucket } from '../../domain/storage/inventory.ts';
import { settingsOfRow } from '../../domain/storage/rows.ts';
import type { BucketSettings, LiftedLimits } from '../../domain/storage/settings.ts';
import { AppError, messageOf } from '../../errors.ts';
import type { ObjectStore } from '../../object-store.ts';

/** Where limits are lifted, and noted as long as they are. */
export interface BucketTarget {
  readonly store: Pick<ObjectStore, 'url' | 'bucketSettings' | 'createBucket' | 'updateBucket'>;
  readonly session: Pick<Session, 'query'>;
  readonly state: Pick<StateStore, 'noteLiftedLimits' | 'liftedLimits' | 'forgetLiftedLimits'>;
}

export interface OpenedBuckets {
  readonly created: readonly string[];
  /**
   * Gives the buckets their settings: the captured ones, or those that they had where only a part of them was asked for. Answers what did
   * not work, by bucket. May be called twice.
   */
  close(): Promise<readonly string[]>;
}

export interface WantedBucket extends InventoryBucket {
  /** Whether all of it was asked for, and so its settings, too. */
  readonly whole: boolean;
}

/**
 * Makes the buckets that are missing, and lifts the limits of all for the time of a restore: what was stored before a limit was set has to
 * come back. Who calls closes them, whatever happens. What a killed restore has lifted is put back, here or when they are closed. Throws
 * StorageError; then those that were opened are closed again.
 */
export async function openBuckets(target: BucketTarget, buckets: readonly WantedBucket[]): Promise<OpenedBuckets> {
  const { store, state } = target;
  const { url } = store;
  const created: string[] = [];
  const finals = new Map<string, BucketSettings>();
  const noted = new Map(listLifted(target).map((lifted) => [lifted.bucket, lifted]));
  const close = async (): Promise<readonly string[]> => {
    const failures: string[] = [];
    for (const [id, settings] of finals) {
      try {
        await giveSettings(target, id, settings);
        finals.delete(id);
        forget(target, id);
      } catch (error) {
        failures.push(`bucket ${id}: its limits are still lifted: ${messageOf(error)}`);
      }
    }
    return failures;
  };
  try {
    for (const { id, row, whole } of buckets) {
      const captured = settingsOfRow(row);
      const before = withNoted(await store.bucketSettings(id), noted.get(id));
      const { lifted, settings: own = captured } = before;
      const final = whole ? captured : own;
      if (!hasNoLimits(final)) state.noteLiftedLimits({ ...final, url, bucket: id });
      noted.delete(id);
      finals.set(id, final);
      const open = { ...own, fileSizeLimit: null, allowedMimeTypes: null };
      if (before.settings === undefined) {
        await store.createBucket(id, open);
        created.push(id);
      } else if (!lifted) await store.updateBucket(id, open);
    }
    for (const lifted of noted.values()) await putBack(target, lifted);
    return { created, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What restores that were killed have left without limits in this Storage. */
export function listLifted({
  store: { url },
  state,
}: Pick<BucketTarget, 'state'> & { readonly store: { readonly url: string } }): LiftedLimits[] {
  return state.liftedLimits().filter((lifted) => lifted.url === url);
}

async function putBack(target: BucketTarget, lifted: LiftedLimits): Promise<void> {
  const { settings } = withNoted(await target.store.bucketSettings(lifted.bucket), lifted);
  if (settings !== undefined) await giveSettings(target, lifted.bucket, settings);
  forget(target, lifted.bucket);
}

/** On a full disk it stays noted, and the next restore finds that there is nothing to put back. */
function forget({ store: { url }, state }: BucketTarget, bucket: string): void {
  try {
    state.forgetLiftedLimits({ url, bucket });
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'no_space')) throw error;
  }
}

interface FoundSettings {
  /** What the bucket has when nobody has lifted its limits; undefined where there is none. */
  readonly settings: BucketSettings | undefined;
  /** Whether there are no limits at the moment. */
  readonly lifted: boolean;
}

/** Limits that somebody has set since count more than those that were noted. */
function withNoted(found: BucketSettings | undefined, noted: LiftedLimits | undefined): FoundSettings {
  if (found === undefined || !hasNoLimits(found)) return { settings: found, lifted: false };
  const { fileSizeLimit, allowedMimeTypes } = noted ?? found;
  return { settings: { ...found, fileSizeLimit, allowedMimeTypes }, lifted: true };
}

/** Through the API; where that takes the key no more, in the database. */
async function giveSettings({ store, session }: BucketTarget, id: string, settings: BucketSettings): Promise<void> {
  try {
    await store.updateBucket(id, settings);
  } catch {
    const { public: isPublic, fileSizeLimit, allowedMimeTypes } = settings;
    await session.query('UPDATE storage.buckets SET public = $2, file_size_limit = $3, allowed_mime_types = $4 WHERE id = $1', [
      id,
      isPublic,
      fileSizeLimit,
      allowedMimeTypes,
    ]);
  }
}

function hasNoLimits({ fileSizeLimit, allowedMimeTypes }: Pick<BucketSettings, 'fileSizeLimit' | 'allowedMimeTypes'>): boolean {
  return fileSizeLimit === null && allowedMimeTypes === null;
}

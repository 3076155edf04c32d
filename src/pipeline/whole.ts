import { checked } from '../archive/checked-bytes.ts';
import { readObjects } from '../archive/storage-contents.ts';
import { verifyData } from '../archive/verify-data.ts';
import { readStorageManifest } from '../archive/verify.ts';
import type { RunContext } from '../context.ts';
import type { Manifest } from '../domain/manifest.ts';
import { touchesBucket, type ObjectSelection } from '../domain/storage/object-selection.ts';
import { addToMessage, AppError, isDamage } from '../errors.ts';
import { enterStage } from './stage.ts';

export interface WholeObjectsRequest {
  /** The name of the storage archive. */
  readonly archive: string;
  readonly selection: ObjectSelection;
  /** Of the run. */
  readonly directory: string;
}

/**
 * Reads the dump of a backup to its end, where the target would have lost what it replaces by the time that damage shows: a restore that
 * passes over what fails is no single transaction. Writes nothing. Throws AppError verification_failed.
 */
export async function assertDatabaseWhole(context: RunContext, archive: string, manifest: Manifest): Promise<void> {
  enterStage(context, 'verify', 'Reading the dump, before what is there goes for it');
  try {
    await verifyData(context, archive, manifest);
  } catch (error) {
    throw error instanceof AppError ? addToMessage(error, untouched) : error;
  }
}

const shownNames = 10;

/**
 * Reads the selected objects of a backup and compares them with their checksums, so that nothing that a target has goes for what is
 * not good. Writes nothing. Throws AppError verification_failed, with the names.
 */
export async function assertObjectsWhole(context: RunContext, { archive, ...request }: WholeObjectsRequest): Promise<void> {
  enterStage(context, 'verify', 'Reading the objects, before others go for them');
  const { buckets, totals } = await readStorageManifest(context, archive);
  const damaged: string[] = [];
  let count = 0;
  let read = 0;
  // How much a part comes to, its sidecars tell only as they are read.
  const total = request.selection.buckets === undefined ? totals.bytes : undefined;
  const onBytes = (more: number): void => context.progress.bytes((read += more), total);
  try {
    for (const { id: bucket } of buckets.filter(({ id }) => touchesBucket(request.selection, id))) {
      await readObjects(
        context,
        { ...request, archive, bucket },
        {
          begin: async () => undefined,
          async add(object, bytes) {
            try {
              for await (const chunk of checked(archive, object, bytes, onBytes)) void chunk;
            } catch (error) {
              if (!isDamage(error)) throw error;
              count += 1;
              if (count <= shownNames) damaged.push(`${bucket}/${object.name}`);
            }
          },
        },
      );
    }
  } catch (error) {
    throw error instanceof AppError ? addToMessage(error, untouched) : error;
  }
  if (count === 0) return;
  const names = [...damaged, ...(count > shownNames ? [`and ${count - shownNames} more`] : [])].join(', ');
  throw new AppError('verification_failed', `Objects of ${archive} are not as they were captured: ${names}. ${untouched}`, {
    hint: 'Restore these from another backup (`agent verify --all --data` tells which are good), and all others with --allow-incomplete.',
  });
}

const untouched = 'Nothing was touched.';

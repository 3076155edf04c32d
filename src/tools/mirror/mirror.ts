import { mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { InventoryObject } from '../../domain/storage/inventory.ts';
import { objectPath } from '../../domain/storage/object-path.ts';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { AppError } from '../../errors.ts';
import type { Mirror } from '../../object-store.ts';
import { tryLock } from '../state/lock.ts';
import { checkHeldFiles } from './check-files.ts';
import { createCommits } from './commits.ts';
import { openDatabase } from './database.ts';
import { onDisk, onDiskEach, onDiskLater } from './disk.ts';
import { createFileIndex } from './file-index.ts';
import { createInventory } from './inventory.ts';
import { createPartialFiles } from './partial-files.ts';
import { fillFromSidecars } from './rebuild.ts';
import { rereadFiles } from './reread-files.ts';
import { removeOthers } from './remove-others.ts';
import { toChunks } from './text-chunks.ts';
import { emptyDirectory, makeDirectory, makePlace, sweep, synchronizeDirectory } from './tree.ts';

/** Linux's PATH_MAX, without its final NUL. */
const maximumPathBytes = 4095;

/**
 * Opens the mirror in `directory`, which is made when it is missing: the bytes below `storage`, beside it the index, this run's inventory
 * and a directory for what is not whole yet. Leftovers of a killed run are removed. Throws AppError: locked when another process has it
 * open, no_space, failed.
 */
export function openMirror(directory: string): Mirror {
  return onDisk(directory, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = tryLock(join(directory, 'lock.db'));
    if (lock === undefined) throw lockedError(directory);
    try {
      return createMirror(directory, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

function createMirror(directory: string, lock: { release(): void }): Mirror {
  emptyDirectory(directory, 'partial');
  makeDirectory(directory, 'storage');
  sweep(directory, 'storage', () => true);
  const database = openDatabase(directory, (made) => fillFromSidecars(directory, createFileIndex(made)));
  const index = createFileIndex(database);
  const inventory = createInventory(database);
  const writePartial = createPartialFiles(directory);
  const commit = createCommits(directory, index);
  let checked = false;

  /** Does something with the inventory when the index tells the truth about all files that it names. */
  function whenChecked<T>(action: () => T): T {
    return onDisk(directory, () => {
      if (!checked) checkHeldFiles(directory, inventory, index);
      checked = true;
      return action();
    });
  }

  return {
    directory,
    startInventory(listedBy = 'database') {
      checked = false;
      onDisk(directory, () => inventory.start(listedBy));
    },
    addBuckets: (buckets) => onDisk(directory, () => inventory.addBuckets(buckets)),
    addObjects(objects) {
      checked = false;
      onDisk(directory, () => inventory.addObjects(objects));
    },
    async rereadTouched(signal) {
      whenChecked(() => undefined);
      return rereadFiles(directory, { inventory, index }, signal);
    },
    distrust: () => onDisk(directory, () => index.distrust()),
    heldObjects: () => onDisk(directory, () => index.count()),
    buckets: () => onDisk(directory, () => inventory.buckets()),
    summary: (bucket) => whenChecked(() => inventory.summary(bucket)),
    pending: () =>
      onDiskEach(
        directory,
        whenChecked(() => inventory.pending()),
      ),
    mirrored: (bucket) =>
      onDiskEach(
        directory,
        whenChecked(() => inventory.mirrored(bucket)),
      ),
    async store(object, stream) {
      const current = inventory.id();
      // It may fail before its first byte is asked for.
      stream.on('error', () => undefined);
      try {
        const path = pathOf(directory, object);
        const partial = await writePartial({ chunks: stream, size: object.size }, object.updatedAt);
        const stored = { ...object, path, sha256: partial.sha256, bytes: partial.bytes };
        await commit(stored, partial.path, current);
        return stored;
      } finally {
        stream.destroy();
      }
    },
    dropFromInventory: (object) => onDisk(directory, () => inventory.drop(object)),
    async writeText(path, chunks) {
      const { path: partial, bytes, sha256 } = await writePartial({ chunks: toChunks(chunks), size: null }, null);
      await onDiskLater(directory, async () => {
        makePlace(directory, path);
        renameSync(partial, join(directory, path));
        await synchronizeDirectory(join(directory, dirname(path)));
      });
      return { bytes, sha256 };
    },
    removeOthers: (options) => whenChecked(() => removeOthers(directory, inventory, index, options?.allowEmpty ?? false)),
    close() {
      database.close();
      lock.release();
    },
  };
}

function pathOf(directory: string, { bucket, name }: InventoryObject): string {
  const path = objectPath(bucket, name);
  if (Buffer.byteLength(join(directory, path)) <= maximumPathBytes) return path;
  throw new StorageError('invalid', `The name has ${Buffer.byteLength(name)} bytes: more than a path can have on this system.`);
}

function lockedError(directory: string): AppError {
  return new AppError(
    'locked',
    `Another process is using the mirror ${directory}. It was not disturbed, and nothing was done.`,
    {
      hint: 'Wait until it ends (`agent status` shows it), then try again.',
      retryable: true,
    },
  );
}

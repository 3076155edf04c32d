import { renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onDisk, onDiskLater } from './disk.ts';
import type { FileIndex, IndexedObject } from './file-index.ts';
import { makePlace, statOf, synchronizeDirectory, touchedAt } from './tree.ts';

type StoredBytes = Omit<IndexedObject, 'touched'>;

/** An object whose bytes wait in a temporary file. */
interface Finished {
  readonly object: StoredBytes;
  readonly partial: string;
  readonly inventory: string | null;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Brings finished files to their places: whatever is finished while others are brought there goes together, so that directories and
 * the index are synchronized once for all of them. The order is what makes a crash at any moment harmless: the index forgets the older
 * content, the file is replaced, that is on the disk, the index knows it. Where nothing is replaced, a crash can only lose the file or
 * what the index knows of it, and the object is downloaded again: no need to wait for the disk.
 */
export function createCommits(directory: string, index: FileIndex) {
  let waiting: Finished[] = [];
  let running = false;

  /** Resolves when the index knows the object. */
  return (object: StoredBytes, partial: string, inventory: string | null): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ object, partial, inventory, resolve, reject });
      if (!running) void commitWaiting();
    });

  async function commitWaiting(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await commit(batch);
      } catch (error) {
        for (const { partial, reject } of batch) {
          rmSync(partial, { force: true });
          reject(error);
        }
      }
    }
    running = false;
  }

  async function commit(batch: readonly Finished[]): Promise<void> {
    onDisk(directory, () => index.forget(batch.map(({ object }) => object).filter((object) => index.has(object))));
    const replaced = new Set<string>();
    const made = new Set<string>();
    const placed = batch.filter((finished) => place(finished, { replaced, made }));
    await onDiskLater(directory, () => Promise.all([...replaced].map(synchronizeDirectory)));
    for (const inventory of new Set(placed.map((finished) => finished.inventory))) {
      const objects = placed.filter((finished) => finished.inventory === inventory).map(({ object }) => seen(object));
      onDisk(directory, () => index.add(objects, inventory));
    }
    for (const { resolve } of placed) resolve();
  }

  /** With the time that the file got as it came to its place. */
  function seen(object: StoredBytes): IndexedObject {
    const stat = onDisk(directory, () => statOf(join(directory, object.path)));
    return { ...object, touched: stat === undefined ? null : touchedAt(stat) };
  }

  /** False when it cannot be brought there, and it alone has failed. */
  function place(
    { object, partial, reject }: Finished,
    { replaced, made }: { readonly replaced: Set<string>; readonly made: Set<string> },
  ): boolean {
    try {
      onDisk(directory, () => {
        if (makePlace(directory, object.path, made)) replaced.add(join(directory, dirname(object.path)));
        renameSync(partial, join(directory, object.path));
      });
      return true;
    } catch (error) {
      rmSync(partial, { force: true });
      reject(error);
      return false;
    }
  }
}

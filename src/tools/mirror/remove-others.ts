import { unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseObjectPath } from '../../domain/storage/object-path.ts';
import { bucketSidecarPath, objectsSidecarPath } from '../../domain/storage/sidecar.ts';
import { AppError } from '../../errors.ts';
import type { ObjectName } from '../../object-store.ts';
import type { FileIndex } from './file-index.ts';
import type { Inventory } from './inventory.ts';
import { createDirectoryCheck, statOf, sweep } from './tree.ts';

/** Objects that are forgotten together. */
const batch = 1000;

/**
 * Removes what the inventory does not have. Throws AppError when that would be all that the mirror holds, unless `allowEmpty`: an empty
 * inventory is more often a defect than the truth.
 */
export async function removeOthers(
  directory: string,
  inventory: Inventory,
  index: FileIndex,
  allowEmpty: boolean,
): Promise<number> {
  const isEmpty = inventory.id() === null || inventory.summary().objects === 0;
  if (isEmpty && !allowEmpty && index.count() > 0) throw emptyError(directory, index.count());
  const removed = await removeObjects(directory, inventory, index);
  sweepOthers(directory, inventory, index);
  return removed;
}

async function removeObjects(directory: string, inventory: Inventory, index: FileIndex): Promise<number> {
  let removed = 0;
  let others: (ObjectName & { readonly path: string })[] = [];
  const isReachable = createDirectoryCheck(directory);
  const removeBatch = (): void => {
    index.forget(others);
    for (const { path } of others)
      if (isReachable(dirname(path)) && statOf(join(directory, path))?.isFile() === true) unlinkSync(join(directory, path));
    removed += others.length;
    others = [];
  };
  for (const other of inventory.others()) {
    others.push(other);
    if (others.length < batch) continue;
    removeBatch();
    // Whoever else waits gets a turn.
    await new Promise(setImmediate);
  }
  removeBatch();
  return removed;
}

/**
 * Removes files that nobody knows. To ask the index for each takes a second for 100,000 of them: that is done only when there are not as
 * many as the index knows, all of which have been seen already.
 */
function sweepOthers(directory: string, inventory: Inventory, index: FileIndex): void {
  const known = new Set(inventory.buckets().flatMap(({ id }) => [bucketSidecarPath(id), objectsSidecarPath(id)]));
  let kept = 0;
  const files = sweep(directory, 'storage', (path) => {
    const isSidecar = known.has(path);
    if (isSidecar) kept++;
    return isSidecar || path.includes('/objects/');
  });
  if (files - kept === index.count()) return;
  sweep(directory, 'storage', (path) => {
    const object = known.has(path) ? undefined : parseObjectPath(path);
    return known.has(path) || (object !== undefined && index.has(object));
  });
}

function emptyError(directory: string, files: number): AppError {
  return new AppError('failed', `The inventory is empty, but the mirror ${directory} holds ${files} objects. They were kept.`, {
    hint: 'See whether Storage of the project is really empty and whether the database was the right one.',
  });
}

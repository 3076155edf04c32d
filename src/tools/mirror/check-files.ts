import { lutimesSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { FileIndex } from './file-index.ts';
import type { Inventory } from './inventory.ts';
import type { HeldFile } from './rows.ts';
import { createDirectoryCheck, statOf } from './tree.ts';

/** How many are forgotten in one transaction. */
const batch = 1000;

/**
 * Looks at each file that the index counts as an object of the inventory: it forgets what is missing, is no file, can be reached through
 * a link only or has another size. A file whose object got another time without another content gets that time.
 */
export function checkHeldFiles(directory: string, inventory: Inventory, index: FileIndex): void {
  const isReachable = createDirectoryCheck(directory);
  let gone: HeldFile[] = [];
  let moved = false;
  for (const file of inventory.heldFiles()) {
    const stat = isReachable(dirname(file.path)) ? statOf(`${directory}/${file.path}`) : undefined;
    if (stat?.isFile() !== true || stat.size !== file.bytes) gone.push(file);
    else if (file.moved) {
      setTime(`${directory}/${file.path}`, stat, file.updatedAt);
      moved = true;
    }
    if (gone.length < batch) continue;
    index.forget(gone);
    gone = [];
  }
  index.forget(gone);
  if (moved) inventory.adopt();
}

function setTime(path: string, stat: Stats, updatedAt: string | null): void {
  const milliseconds = updatedAt === null ? Number.NaN : Date.parse(updatedAt);
  if (Math.abs(stat.mtimeMs - milliseconds) >= 1) lutimesSync(path, stat.atime, milliseconds / 1000);
}

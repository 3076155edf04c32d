import { lutimesSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { ObjectName } from '../../object-store.ts';
import type { FileIndex } from './file-index.ts';
import type { Inventory } from './inventory.ts';
import type { HeldFile } from './rows.ts';
import { createDirectoryCheck, statOf, touchedAt } from './tree.ts';

/** How many are forgotten, or noted, in one transaction. */
const batch = 1000;

/**
 * Looks at each file that the index counts as an object of the inventory: it forgets what is missing, is no file, can be reached through
 * a link only or has another size; a file that somebody has touched since its bytes were known is doubtful from then on. A file whose object
 * got another time without another content gets that time.
 */
export function checkHeldFiles(directory: string, inventory: Inventory, index: FileIndex): void {
  const isReachable = createDirectoryCheck(directory);
  let gone: HeldFile[] = [];
  let touched: (ObjectName & Pick<HeldFile, 'touched'>)[] = [];
  let moved = false;
  const note = (): void => {
    index.forget(gone);
    index.setTouched(touched);
    gone = [];
    touched = [];
  };
  for (const file of inventory.heldFiles()) {
    const { bucket, name } = file;
    const path = `${directory}/${file.path}`;
    const stat = isReachable(dirname(file.path)) ? statOf(path) : undefined;
    if (stat?.isFile() !== true || stat.size !== file.bytes) gone.push(file);
    else {
      const isKnown = touchedAt(stat) === file.touched;
      if (file.moved) setTime(path, stat, file.updatedAt);
      moved ||= file.moved;
      const now = isKnown ? touchedAt(file.moved ? (statOf(path) ?? stat) : stat) : null;
      if (now !== file.touched) touched.push({ bucket, name, touched: now });
    }
    if (gone.length + touched.length >= batch) note();
  }
  note();
  if (moved) inventory.adopt();
}

function setTime(path: string, stat: Stats, updatedAt: string | null): void {
  const milliseconds = updatedAt === null ? Number.NaN : Date.parse(updatedAt);
  if (Math.abs(stat.mtimeMs - milliseconds) >= 1) lutimesSync(path, stat.atime, milliseconds / 1000);
}

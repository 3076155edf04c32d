import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { onDiskLater } from './disk.ts';
import type { FileIndex } from './file-index.ts';
import type { Inventory } from './inventory.ts';
import { statOf, touchedAt } from './tree.ts';

export interface Reread {
  readonly files: number;
  /** Of these, how many had other bytes than were downloaded, or could not be read. */
  readonly damagedFiles: number;
  /** The first hundred of them, as `bucket/name`. */
  readonly damaged: readonly string[];
}

const namedAtMost = 100;

/** Reads every doubtful file of the inventory, and forgets those whose bytes are not what was downloaded. Throws AppError; or what `signal` says. */
export async function rereadFiles(
  directory: string,
  { inventory, index }: { readonly inventory: Inventory; readonly index: FileIndex },
  signal: AbortSignal,
): Promise<Reread> {
  let files = 0;
  let damagedFiles = 0;
  const damaged: string[] = [];
  for (const { bucket, name, path, sha256 } of inventory.doubtfulFiles()) {
    signal.throwIfAborted();
    const place = join(directory, path);
    await onDiskLater(directory, async () => {
      const before = statOf(place);
      const isSame = before !== undefined && (await sumOf(place)) === sha256;
      if (isSame) index.setTouched([{ bucket, name, touched: touchedAt(before) }]);
      else index.forget([{ bucket, name }]);
      if (!isSame) damagedFiles += 1;
      if (!isSame && damaged.length < namedAtMost) damaged.push(`${bucket}/${name}`);
    });
    files += 1;
  }
  return { files, damagedFiles, damaged };
}

/** Undefined when the disk cannot give the bytes back any more: one lost sector shall not end every backup. */
async function sumOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return undefined;
    throw error;
  }
  return hash.digest('hex');
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { onDiskLater } from './disk.ts';
import type { FileIndex } from './file-index.ts';
import type { Inventory } from './inventory.ts';
import { statOf, touchedAt } from './tree.ts';

export interface Reread {
  readonly files: number;
  /** Of these, as `bucket/name`, the first hundred that had other bytes than were downloaded. */
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
  const damaged: string[] = [];
  for (const { bucket, name, path, sha256 } of inventory.doubtfulFiles()) {
    signal.throwIfAborted();
    const place = join(directory, path);
    await onDiskLater(directory, async () => {
      const before = statOf(place);
      const isSame = before !== undefined && (await sumOf(place)) === sha256;
      if (isSame) index.setTouched([{ bucket, name, touched: touchedAt(before) }]);
      else index.forget([{ bucket, name }]);
      if (!isSame && damaged.length < namedAtMost) damaged.push(`${bucket}/${name}`);
    });
    files += 1;
  }
  return { files, damaged };
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { onDiskLater } from './disk.ts';

/** A file that is whole and on the disk, but not yet in its place. */
export interface PartialFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Makes a function that writes all of `chunks` into a new temporary file in `directory`, synchronized, with the time `modifiedAt` (ISO
 * 8601; what is no time is left out). When that fails, the file is removed; what `chunks` throws is thrown as it is.
 */
export function createPartialFiles(directory: string) {
  let count = 0;

  return async (chunks: Chunks, modifiedAt: string | null): Promise<PartialFile> => {
    const path = join(directory, `.partial-${count++}`);
    const handle = await onDiskLater(directory, () => open(path, 'wx', 0o600));
    try {
      const written = await writeAll(chunks, handle);
      await onDiskLater(directory, () => complete(handle, modifiedAt));
      return { path, ...written };
    } catch (error) {
      await handle.close().catch(() => undefined);
      rmSync(path, { force: true });
      throw error;
    }
  };

  async function writeAll(chunks: Chunks, handle: FileHandle): Promise<{ bytes: number; sha256: string }> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      hash.update(chunk);
      await onDiskLater(directory, () => writeWhole(handle, chunk));
    }
    return { bytes, sha256: hash.digest('hex') };
  }
}

/** One write may take fewer bytes than it was given: the next one then says why. */
async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    const { bytesWritten } = await handle.write(chunk, offset);
    offset += bytesWritten;
  }
}

async function complete(handle: FileHandle, modifiedAt: string | null): Promise<void> {
  const seconds = modifiedAt === null ? Number.NaN : Date.parse(modifiedAt) / 1000;
  if (!Number.isNaN(seconds)) await handle.utimes(seconds, seconds);
  await handle.sync();
  await handle.close();
}

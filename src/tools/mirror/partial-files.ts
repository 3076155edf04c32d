import { createHash } from 'node:crypto';
import { closeSync, fsync, futimesSync, openSync, rmSync, write as writeFile } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onDisk, onDiskLater } from './disk.ts';

/** Only what waits for the disk is left to another thread: handing over the rest would cost more than it takes. */
const write = promisify(writeFile);
const synchronize = promisify(fsync);

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
    const file = onDisk(directory, () => openSync(path, 'wx', 0o600));
    try {
      const written = await writeAll(chunks, file);
      await onDiskLater(directory, () => complete(file, modifiedAt));
      return { path, ...written };
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  };

  async function writeAll(chunks: Chunks, file: number): Promise<{ bytes: number; sha256: string }> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      hash.update(chunk);
      await onDiskLater(directory, () => writeWhole(file, chunk));
    }
    return { bytes, sha256: hash.digest('hex') };
  }
}

/** One write may take fewer bytes than it was given: the next one then says why. */
async function writeWhole(file: number, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    const { bytesWritten } = await write(file, chunk, offset);
    offset += bytesWritten;
  }
}

async function complete(file: number, modifiedAt: string | null): Promise<void> {
  const seconds = modifiedAt === null ? Number.NaN : Date.parse(modifiedAt) / 1000;
  if (!Number.isNaN(seconds)) futimesSync(file, seconds, seconds);
  await synchronize(file);
}

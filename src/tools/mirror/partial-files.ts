import { createHash } from 'node:crypto';
import { closeSync, fsync, futimesSync, openSync, rmSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onDisk, onDiskLater } from './disk.ts';

/** Only what waits for the disk is left to another thread: to hand over the rest costs more than the rest itself. */
const synchronize = promisify(fsync);

/** Bytes. */
const writtenAtOnce = 256 * 1024;
/** IOV_MAX. */
const maximumPieces = 1024;

/** A file that is whole and on the disk, but not yet in its place. */
export interface PartialFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Makes a function that writes all of `chunks` into a new temporary file below `partial` in `directory`, synchronized, with the time `modifiedAt` (ISO
 * 8601; what is no time is left out). When that fails, the file is removed; what `chunks` throws is thrown as it is.
 */
export function createPartialFiles(directory: string) {
  let count = 0;

  return async (chunks: Chunks, modifiedAt: string | null): Promise<PartialFile> => {
    const path = join(directory, 'partial', `.partial-${count++}`);
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
    let gathered: Uint8Array[] = [];
    let gatheredBytes = 0;
    const flush = (): void => {
      onDisk(directory, () => writeWhole(file, gathered));
      gathered = [];
      gatheredBytes = 0;
    };
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (gatheredBytes >= writtenAtOnce || gathered.length >= maximumPieces) flush();
    }
    flush();
    return { bytes, sha256: hash.digest('hex') };
  }
}

/** One write may take fewer bytes than it was given: the next one then says why. */
function writeWhole(file: number, chunks: readonly Uint8Array[]): void {
  for (let left = chunks; left.length > 0;) left = withoutBeginning(left, writevSync(file, left));
}

function withoutBeginning(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  return chunks.flatMap((chunk) => {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    return skipped === chunk.length ? [] : [chunk.subarray(skipped)];
  });
}

async function complete(file: number, modifiedAt: string | null): Promise<void> {
  const seconds = modifiedAt === null ? Number.NaN : Date.parse(modifiedAt) / 1000;
  if (!Number.isNaN(seconds)) futimesSync(file, seconds, seconds);
  await synchronize(file);
}

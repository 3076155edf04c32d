import { createHash } from 'node:crypto';
import { closeSync, fsync, futimesSync, openSync, rmSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { StorageError } from '../../domain/storage/storage-error.ts';
import { releaseMemory } from '../../release-memory.ts';
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

/** Bytes, and how many there have to be; null when nobody knows. */
export interface Content {
  readonly chunks: Readable | Iterable<Uint8Array>;
  readonly size: number | null;
}

/**
 * Makes a function that writes all of a content into a new temporary file below `partial` in `directory`, synchronized, with the time
 * `modifiedAt` (ISO 8601; what is no time is left out). When that fails, the file is removed; what the content throws is thrown as it is.
 * Throws StorageError when more or fewer bytes come than there have to be.
 */
export function createPartialFiles(directory: string) {
  let count = 0;

  return async (content: Content, modifiedAt: string | null): Promise<PartialFile> => {
    const path = join(directory, 'partial', `.partial-${count++}`);
    const file = onDisk(directory, () => openSync(path, 'wx', 0o600));
    try {
      const written = await writeAll(content, file);
      await onDiskLater(directory, () => complete(file, modifiedAt));
      return { path, ...written };
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  };

  async function writeAll({ chunks, size }: Content, file: number): Promise<{ bytes: number; sha256: string }> {
    const hash = createHash('sha256');
    let bytes = 0;
    let gathered: Uint8Array[] = [];
    let gatheredBytes = 0;
    const flush = (): void => {
      onDisk(directory, () => writeWhole(file, gathered));
      gathered.forEach(releaseMemory);
      gathered = [];
      gatheredBytes = 0;
    };
    const take = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (size !== null && bytes > size) throw new StorageError('transient', `More than the expected ${size} bytes came.`);
      hash.update(chunk);
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (gatheredBytes >= writtenAtOnce || gathered.length >= maximumPieces) flush();
    };
    if (chunks instanceof Readable) await readAll(chunks, take);
    else for (const chunk of chunks) take(chunk);
    if (size !== null && bytes < size) throw new StorageError('transient', `${bytes} bytes came instead of ${size}.`);
    flush();
    return { bytes, sha256: hash.digest('hex') };
  }
}

/** At once, as chunks come: an iteration takes three times as long, and lets them wait where they keep memory. */
async function readAll(stream: Readable, take: (chunk: Uint8Array) => void): Promise<void> {
  stream.on('data', (chunk: Uint8Array) => {
    try {
      take(chunk);
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
  await finished(stream);
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

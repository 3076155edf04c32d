import type { Manifest } from '../manifest.ts';

const mebibyte = 1024 ** 2;
/** An empty cluster takes 40 MB, another database 8, and its write-ahead log up to twice max_wal_size (256 MB) before it is used again. */
const scratchServerBytes = 600 * mebibyte;

/** How much room a drill needs on the disk of its scratch server, at the most. */
export function neededBytes({ server }: Pick<Manifest, 'server'>): number {
  return server.sizeBytes + scratchServerBytes;
}

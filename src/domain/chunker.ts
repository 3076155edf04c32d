/** Borg's own chunker: chunks of 2 MiB on average. Right for files that change as a whole, such as objects. */
export const defaultChunkerParams = 'buzhash,19,23,21,4095';

const gib = 1024 ** 3;

/** By the largest database that they serve, smallest first. */
const paramsBySize: readonly { readonly upToBytes: number; readonly params: string }[] = [
  { upToBytes: 16 * gib, params: 'buzhash,12,18,13,1023' },
  { upToBytes: 64 * gib, params: 'buzhash,12,20,14,4095' },
  { upToBytes: 256 * gib, params: 'buzhash,14,20,16,4095' },
];

/**
 * Chooses Borg's `--chunker-params` (algorithm, smallest, largest and usual chunk as powers of two, window) for the dump of
 * a database of so many bytes.
 *
 * Small chunks save what a scattered change would otherwise repeat: after an UPDATE of 0.2 % of the rows of an 870 MB
 * database the repository grew by 193 MB with Borg's default, by 44 MB with `buzhash,12,20,14,4095`, by 27 MB with
 * `buzhash,12,18,13,1023`, at the same speed. They cost memory while Borg runs, some 500 bytes a chunk (measured: 94 MB for
 * a dump of 1 GB, 144 MB for 2 GB), so chunks grow with the database: 16 GiB in chunks of 12 KiB, 64 GiB of 20 KiB and
 * 256 GiB of 80 KiB come to 1.4 to 3.4 million chunks or 0.7 to 1.7 GB. Other parameters cut at other places, so a
 * repository must stay with those that it began with.
 */
export function chooseChunkerParams(databaseBytes: number): string {
  return paramsBySize.find(({ upToBytes }) => databaseBytes <= upToBytes)?.params ?? defaultChunkerParams;
}

/** Whether Borg would take `text` as parameters of its buzhash chunker. */
export function isChunkerParams(text: string): boolean {
  const match = /^buzhash,(\d{1,2}),(\d{1,2}),(\d{1,2}),(\d{1,5})$/.exec(text);
  if (match === null) return false;
  const [smallest, largest, usual, windowBytes] = match.slice(1).map(Number) as [number, number, number, number];
  return smallest >= 6 && smallest <= usual && usual <= largest && largest <= 23 && windowBytes % 2 === 1;
}

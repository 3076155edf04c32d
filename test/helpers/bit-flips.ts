import { createHash } from 'node:crypto';
import { chmodSync, lutimesSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** One bit of one file. */
export interface Flip {
  readonly path: string;
  /** Counted from 0, from the beginning of the file. */
  readonly bit: number;
}

/** Chooses one of these files, and one of its bits; every file is as likely as any other one. */
export function chooseFlip(random: () => number, files: readonly string[]): Flip {
  const filled = files.filter((file) => statSync(file).size > 0);
  const path = filled[Math.floor(random() * filled.length)]!;
  return { path, bit: Math.floor(random() * statSync(path).size * 8) };
}

/** Chooses one bit of all that these files hold: a large file is likelier than a small one. */
export function chooseBit(random: () => number, files: readonly string[]): Flip {
  let byte = Math.floor(random() * files.reduce((sum, file) => sum + statSync(file).size, 0));
  for (const path of files) {
    const { size } = statSync(path);
    if (byte < size) return { path, bit: 8 * byte + Math.floor(random() * 8) };
    byte -= size;
  }
  throw new Error('These files hold nothing.');
}

/** Turns the bit over. The time of the file stays as it was, as it does when a disk forgets. */
export function flipBit({ path, bit }: Flip): void {
  const { atime, mtime, mode } = statSync(path);
  const bytes = readFileSync(path);
  bytes[Math.floor(bit / 8)]! ^= 1 << (bit % 8);
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
  chmodSync(path, mode);
  lutimesSync(path, atime, mtime);
}

/** Every file below a directory, in a stable order. */
export function listFiles(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.toSorted();
}

/** By its path below the directory, the SHA-256 of each file. */
export function sumFiles(directory: string): Map<string, string> {
  return new Map(
    listFiles(directory).map((file) => [
      relative(directory, file),
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    ]),
  );
}

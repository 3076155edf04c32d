import { lstatSync, mkdirSync, opendirSync, rmdirSync, rmSync, unlinkSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What is at a path itself: a link is not followed, and a name that no file can have has nothing. */
export function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (['ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * When the bytes of a file or anything else of it were last changed, in microseconds: nobody can set that time. It is what Borg goes by, too,
 * when it decides whether to read a file again.
 */
export function touchedAt({ ctimeMs }: Stats): number {
  return Math.floor(ctimeMs * 1000);
}

/** Answers for one directory after the other below `root` whether it can be reached without following a link. */
export function createDirectoryCheck(root: string): (directory: string) => boolean {
  let last = '';
  let verified: string[] = [];
  return (directory) => {
    if (directory === last) return true;
    const components = directory.split('/');
    const firstOther = components.findIndex((component, index) => verified[index] !== component);
    verified = verified.slice(0, firstOther < 0 ? components.length : firstOther);
    for (const component of components.slice(verified.length)) {
      if (statOf(join(root, ...verified, component))?.isDirectory() !== true) return false;
      verified.push(component);
    }
    last = directory;
    return true;
  };
}

/** Makes a directory below `root`, 0700, with those above it. What stands in its place (a link, a file) is removed. */
export function makeDirectory(root: string, directory: string): void {
  let path = root;
  for (const component of directory.split('/')) {
    path = join(path, component);
    const stat = statOf(path);
    if (stat?.isDirectory() === true) continue;
    if (stat !== undefined) unlinkSync(path);
    mkdirSync(path, { mode: 0o700 });
  }
}

/**
 * Makes room for a file: a directory in its place is none of the mirror's. True when a file is there, which may be replaced. `made` are
 * directories that need not be looked at again, and gets this file's.
 */
export function makePlace(root: string, path: string, made: Set<string> = new Set()): boolean {
  const directory = dirname(path);
  if (!made.has(directory)) makeDirectory(root, directory);
  made.add(directory);
  const stat = statOf(join(root, path));
  if (stat?.isDirectory() === true) rmSync(join(root, path), { recursive: true });
  return stat?.isDirectory() === false;
}

/** Removes all that a directory holds. Links in it are removed, not followed. */
export function emptyDirectory(root: string, directory: string): void {
  rmSync(join(root, directory), { recursive: true, force: true });
  makeDirectory(root, directory);
}

/** Waits until the entries of a directory are on the disk. */
export async function synchronizeDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Goes through all below `directory` (of `root`) and removes what is neither file nor directory, the files that `keep` does not want,
 * and the directories that are empty then. Answers how many files are left. Follows no link; never holds more than one entry a level.
 */
export function sweep(root: string, directory: string, keep: (path: string) => boolean): number {
  return sweepDirectory(root, directory, keep).files;
}

function sweepDirectory(root: string, directory: string, keep: (path: string) => boolean): { files: number; entries: number } {
  const left = { files: 0, entries: 0 };
  const entries = opendirSync(join(root, directory), { bufferSize: 1024 });
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        const below = sweepDirectory(root, path, keep);
        left.files += below.files;
        if (below.entries === 0) rmdirSync(join(root, path));
        else left.entries++;
      } else if (entry.isFile() && keep(path)) {
        left.files++;
        left.entries++;
      } else if (!removeEntry(join(root, path))) left.entries++;
    }
  } finally {
    entries.closeSync();
  }
  return left;
}

/** False for one whose name is no text, and which so cannot be named. */
function removeEntry(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

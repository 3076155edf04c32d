import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, opendir, realpath, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { OutputDirectory } from '../../files.ts';
import { AppError } from '../../errors.ts';

/** Makes a directory (0700) for files, or takes an empty one. Throws AppError usage for whatever else is there. */
export async function openOutputDirectory(path: string): Promise<OutputDirectory> {
  const root = await takeDirectory(path);
  return {
    async write({ path: relative, modified }, content) {
      const temporary = join(root, `.partial-${randomBytes(8).toString('hex')}`);
      try {
        await pipeline(content, createWriteStream(temporary, { flags: 'wx', mode: 0o600 }));
        if (modified !== undefined) await utimes(temporary, modified, modified);
        await makeDirectories(root, dirname(relative));
        await assertFree(join(root, relative));
        await rename(temporary, join(root, relative));
      } catch (error) {
        await rm(temporary, { force: true });
        throw toAppError(join(root, relative), error);
      }
    },
  };
}

/** Answers the path without links: the user's own ones count, later ones do not. */
async function takeDirectory(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const directory = await opendir(path);
    const first = await directory.read();
    await directory.close();
    if (first === null) return await realpath(path);
  } catch (error) {
    throw new AppError('usage', `The directory ${path} cannot be made or read: ${(error as Error).message}.`, {
      hint: 'Name a directory that this user may make, or one that is empty.',
      cause: error,
    });
  }
  throw new AppError('usage', `The directory ${path} is not empty; it was left as it is.`, {
    hint: 'Name one that is not there yet, or empty: what is there already is never written over.',
  });
}

/** One after the other, so that none is made behind a link. */
async function makeDirectories(root: string, relative: string): Promise<void> {
  let path = root;
  for (const component of relative.split('/')) {
    path = join(path, component);
    const stats = await statOf(path);
    if (stats === undefined) await mkdir(path, { mode: 0o700 });
    else if (!stats.isDirectory()) throw inTheWay(path);
  }
}

async function assertFree(path: string): Promise<void> {
  if ((await statOf(path)) !== undefined) throw inTheWay(path);
}

/** What is at a path itself: links are not followed. */
async function statOf(path: string): Promise<{ isDirectory(): boolean } | undefined> {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

function inTheWay(path: string): AppError {
  return new AppError('failed', `There is something at ${path} already; it was left as it is.`, {
    hint: 'Nothing else may write into that directory, and its file system has to tell upper from lower case. `--tar` needs none.',
  });
}

/** Only what the system refuses is ours to explain; the rest comes from where the content does. */
function toAppError(path: string, error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (error instanceof AppError || syscall === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('no_space', `There is no room left for ${path}. What was written before is whole.`, {
      hint: 'Make room on that file system (or raise the quota), or name a directory on another one.',
      cause: error,
    });
  }
  return new AppError('failed', `${path} cannot be written: ${message}. What was written before is whole.`, {
    hint: 'Name a directory on a file system that this user may write to. `--tar` needs none.',
    cause: error,
  });
}

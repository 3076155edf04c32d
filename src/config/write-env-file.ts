import { randomBytes } from 'node:crypto';
import { access, constants, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError, messageOf } from '../errors.ts';

export interface WriteOptions {
  readonly isRoot: boolean;
  /** Whether a file that is there may be replaced; it is kept beside the new one. */
  readonly replace: boolean;
}

export interface WrittenFile {
  readonly path: string;
  readonly mode: number;
  /** Where the file that was there lies now; undefined when there was none. */
  readonly kept: string | undefined;
}

/**
 * Writes an env file into the projects' directory, which is made (0700) where there is none: whole or not at all, and for its owner alone
 * (0600). Root's, in a directory that a group may look into, is for that group too (0640): the user of the service is in it (scripts/install).
 * Throws AppError usage when there is a file and it may not be replaced, configuration when it cannot be written.
 */
export async function writeEnvFile(path: string, text: string, options: WriteOptions): Promise<WrittenFile> {
  const directory = dirname(path);
  // No project is called like that, so nobody takes it for one.
  const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const mode = await writePrivately(temporary, text, options);
    const kept = options.replace ? await keep(path) : undefined;
    if (kept === undefined) await link(temporary, path);
    else await rename(temporary, path);
    await rm(temporary, { force: true });
    await syncDirectory(directory);
    return { path, mode, kept };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw explain(path, error);
  }
}

/** Looks beforehand whether `writeEnvFile` could do it. Throws the same. */
export async function assertWritable(path: string, { replace }: Pick<WriteOptions, 'replace'>): Promise<void> {
  const directory = dirname(path);
  if (await isThere(path)) {
    if (!replace) throw alreadyThere(path);
  }
  try {
    // Of a directory that is yet to be made: the one that it goes into.
    await access((await isThere(directory)) ? directory : dirname(directory), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw explain(path, error);
  }
}

async function writePrivately(path: string, text: string, { isRoot }: WriteOptions): Promise<number> {
  const directory = await stat(dirname(path));
  const forGroup = isRoot && directory.gid !== 0 && (directory.mode & 0o010) !== 0;
  const file = await open(path, 'wx', 0o600);
  try {
    if (forGroup) await file.chown(0, directory.gid);
    const mode = forGroup ? 0o640 : 0o600;
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
    return mode;
  } finally {
    await file.close();
  }
}

/** A passphrase that stood there may be the only one that opens a repository. */
async function keep(path: string): Promise<string | undefined> {
  if (!(await isThere(path))) return undefined;
  for (let number = 1; ; number += 1) {
    const beside = `${path}.old${number === 1 ? '' : `-${number}`}`;
    try {
      await link(path, beside);
      return beside;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw explain(path, error);
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

function alreadyThere(path: string): AppError {
  return new AppError('usage', `There is a ${path} already. It was not touched.`, {
    hint: '--replace puts a new one in its place when that has passed the tests, and keeps the old one beside it.',
  });
}

function explain(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isCode(error, 'EEXIST')) return alreadyThere(path);
  return new AppError('configuration', `${path} cannot be written (${messageOf(error)}). Nothing was changed.`, {
    hint: 'Run the command as root (sudo), or name another directory with --projects-directory.',
    cause: error,
  });
}

import { AppError } from '../../errors.ts';
import { isDiskFull, sqliteCode, sqliteCodes } from '../sqlite-code.ts';

/** Does something with the mirror's directory: what the system or SQLite refuses becomes an AppError. */
export function onDisk<T>(directory: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toAppError(directory, error);
  }
}

/** The same for what takes time. */
export async function onDiskLater<T>(directory: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toAppError(directory, error);
  }
}

/** The same for what is read bit by bit. */
export function* onDiskEach<T>(directory: string, items: Iterable<T>): Generator<T> {
  try {
    yield* items;
  } catch (error) {
    throw toAppError(directory, error);
  }
}

/** Whether a database is none, or not whole. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === sqliteCodes.corrupt || code === sqliteCodes.notADatabase;
}

/** What is no error of the system stays as it is. */
function toAppError(directory: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof AppError || code === undefined) return error;
  if (['ENOSPC', 'EDQUOT'].includes(code) || isDiskFull(error)) {
    return new AppError('no_space', `There is no room left in the mirror ${directory}. What it holds already is kept.`, {
      hint: 'Make room on that file system (or raise the quota), or point STATE_DIR to a larger one; the next run goes on where this one stopped.',
      cause: error,
    });
  }
  if (isDamage(error)) {
    return new AppError('failed', `The index of the mirror ${directory} is damaged: ${message}. The files are untouched.`, {
      hint: 'Run it again: the index is checked when it is opened, and made anew from the sidecars of the last archive.',
      cause: error,
    });
  }
  return new AppError('failed', `The mirror ${directory} cannot be used: ${message}.`, {
    hint: 'STATE_DIR must be on a working file system, and all below it must belong to this user.',
    cause: error,
  });
}

import type { Readable } from 'node:stream';
import type { CommandResult, RunContext } from '../context.ts';
import { AppError, isDamage } from '../errors.ts';
import { verificationError } from './verification-error.ts';

/** A file of an archive. */
export interface ArchivedFile {
  readonly archive: string;
  readonly path: string;
}

/**
 * Hands the bytes of an archived file to `work` as they come out of Borg, and tells how that ended. Borg is gone afterwards,
 * also when `work` throws, has stopped to read, or the run is aborted.
 */
export async function streamArchived<Result>(
  context: RunContext,
  { archive, path }: ArchivedFile,
  work: (stream: Readable) => Promise<Result>,
): Promise<{ result: Result; borg: CommandResult }> {
  context.signal.throwIfAborted();
  const reading = context.repository.startRead(archive, path);
  const stream = reading.stdout!;
  const end = (): void => void reading.terminate();
  context.signal.addEventListener('abort', end, { once: true });
  try {
    const result = await work(stream);
    stream.destroy();
    const borg = await reading.finished;
    context.signal.throwIfAborted();
    return { result, borg };
  } catch (error) {
    stream.destroy();
    await reading.terminate();
    context.signal.throwIfAborted();
    throw error;
  } finally {
    context.signal.removeEventListener('abort', end);
  }
}

/** Throws AppError verification_failed when the file is not in the archive or the repository is damaged. */
export function assertWhole(context: RunContext, { archive, path }: ArchivedFile, borg: CommandResult): void {
  if (borg.stderr.includes('never matched')) throw verificationError(archive, `it lacks ${path}`);
  try {
    context.repository.assertRead(borg);
  } catch (error) {
    throw nameArchive(archive, error);
  }
}

/** Damage that Borg has found in the repository, as a fault of the archive that it was found in. */
export function nameArchive(archive: string, error: unknown): unknown {
  if (!isDamage(error) || error.message.includes(archive)) return error;
  return new AppError('verification_failed', `The archive ${archive} cannot be read whole. ${error.message}`, {
    hint: error.hint,
    cause: error,
  });
}

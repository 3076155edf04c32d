import type { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import type { RunContext } from '../context.ts';
import { nameArchive } from './read.ts';

/** A file of a tar, with its bytes. */
export type ExportedFile = AsyncIterable<Buffer> & { readonly header: Header };

interface ExportedFiles {
  readonly archive: string;
  /** Files or directories. One that the archive does not hold is no error here: whoever misses it names it. */
  readonly paths: readonly string[];
}

/**
 * Hands the files of an archive, in its order, to `work`, which has to read each of them to its end. Borg is gone afterwards, also when
 * `work` throws or the run is aborted. Throws AppError verification_failed when the repository is damaged.
 */
export async function readExport<Result>(
  context: RunContext,
  { archive, paths }: ExportedFiles,
  work: (entries: AsyncIterable<ExportedFile>) => Promise<Result>,
): Promise<Result> {
  context.signal.throwIfAborted();
  const reading = context.repository.startExport(archive, paths);
  const end = (): void => void reading.terminate();
  context.signal.addEventListener('abort', end, { once: true });
  try {
    const result = await work(unpack(reading.stdout!));
    const borg = await reading.finished;
    context.signal.throwIfAborted();
    if (!borg.stderr.includes('never matched')) context.repository.assertRead(borg);
    return result;
  } catch (error) {
    // Of a Borg that has to be terminated, its end tells nothing.
    const hasEnded = reading.stdout!.readableEnded;
    if (!hasEnded) await reading.terminate();
    const borg = await reading.finished;
    context.signal.throwIfAborted();
    throw hasEnded && !borg.stderr.includes('never matched') ? nameFault(context, archive, { borg, error }) : error;
  } finally {
    context.signal.removeEventListener('abort', end);
  }
}

/** A tar that breaks off says less than the Borg that broke it off. */
function nameFault(
  context: RunContext,
  archive: string,
  { borg, error }: { readonly borg: Parameters<RunContext['repository']['assertRead']>[0]; readonly error: unknown },
): unknown {
  try {
    context.repository.assertRead(borg);
    return error;
  } catch (fault) {
    return nameArchive(archive, fault);
  }
}

function unpack(stream: Readable): AsyncIterable<ExportedFile> {
  const unpacking = stream.pipe(extract());
  stream.on('error', (error) => unpacking.destroy(error));
  // Its own type tells of no header.
  return unpacking as AsyncIterable<unknown> as AsyncIterable<ExportedFile>;
}

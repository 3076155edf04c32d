import type { ArchiveSizes, CreateFilesRequest, RunContext } from '../context.ts';

/** Archives files of the disk. Borg is gone when the run is aborted. Throws the AppError of Borg, also when a file was not there. */
export async function createArchiveFromFiles(context: RunContext, request: CreateFilesRequest): Promise<ArchiveSizes> {
  context.signal.throwIfAborted();
  const borg = context.repository.createFromFiles(request);
  const terminate = (): void => void borg.terminate();
  context.signal.addEventListener('abort', terminate, { once: true });
  try {
    return await borg.finished;
  } finally {
    context.signal.removeEventListener('abort', terminate);
  }
}

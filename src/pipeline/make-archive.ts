import { verifyArchive } from '../archive/verify.ts';
import type { RunContext } from '../context.ts';
import { formatPartialName } from '../domain/archive-name.ts';
import { archiveDatabase, type DatabaseArchive, type DatabaseArchiveRequest } from './database-archive.ts';
import { retrySource } from './retry-source.ts';
import type { RunFrame } from './run.ts';
import { enterStage } from './stage.ts';

/**
 * Archives a database under a provisional name, reads that back, and gives it its name. Throws AppError; then there is no archive of
 * that name. What there may be of the provisional one, the next backup removes.
 */
export async function makeDatabaseArchive(
  context: RunContext,
  frame: RunFrame,
  request: DatabaseArchiveRequest,
): Promise<DatabaseArchive> {
  const { archive } = request;
  const made = await retrySource(context, (hasBegun) => archiveDatabase(context, frame, request, hasBegun));
  enterStage(context, 'verify', 'Reading the archive back', { archive });
  await verifyArchive(context, formatPartialName(archive));
  enterStage(context, 'rename', 'Giving the archive its name', { archive });
  await context.repository.rename(formatPartialName(archive), archive);
  return made;
}

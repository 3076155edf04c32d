import type { TargetConfig } from '../config/project-config.ts';
import type { ArchiveSizes, RunContext } from '../context.ts';
import { formatArchiveName, formatBackupId, safetyProjectOf } from '../domain/archive-name.ts';
import type { Coverage } from '../domain/coverage.ts';
import { AppError, messageOf } from '../errors.ts';
import { requireTargetDatabase } from './configured-database.ts';
import type { DatabaseArchive } from './database-archive.ts';
import { chunkerParamsOf, listKnownArchives } from './known-archives.ts';
import { makeDatabaseArchive } from './make-archive.ts';
import type { RunFrame } from './run.ts';

export interface SafetyBackupRequest {
  readonly target: TargetConfig;
  /** The id of the backup that is about to be restored. */
  readonly restoring: string;
}

export interface SafetyBackup {
  readonly backupId: string;
  readonly archive: string;
  /** Incomplete when not all of the target could be read. */
  readonly status: 'complete' | 'incomplete';
  readonly sizes: ArchiveSizes;
  readonly coverage: readonly Coverage[];
  /** Sentences that name the safety backup: what of the target is not in it. */
  readonly warnings: readonly string[];
}

/**
 * Backs up the target of a restore as it is now, into the repository of the backed-up project, whose run this is. Made of an archive
 * and named as backups are, so it is listed, shown, verified, compared and restored like one; domain/archive-name tells it apart.
 * Writes nothing to the target. Throws AppError, which says so.
 */
export async function backupTarget(context: RunContext, frame: RunFrame, request: SafetyBackupRequest): Promise<SafetyBackup> {
  const startedAt = context.clock.now();
  const backupId = formatBackupId(safetyProjectOf(context.config.project), startedAt);
  const archive = formatArchiveName(backupId, 'database');
  const { manifest, sizes } = await archiveTarget(context, { ...frame, startedAt }, { ...request, backupId, archive });
  const { status, coverage } = manifest;
  context.log.info({ stage: 'safety backup', archive, status, ...sizes }, 'target backed up');
  const warnings = manifest.warnings.map((warning) => `not all of the target is in the safety backup ${backupId}: ${warning}`);
  return { backupId, archive, status, sizes, coverage, warnings };
}

interface ArchiveNames {
  readonly backupId: string;
  readonly archive: string;
}

async function archiveTarget(
  context: RunContext,
  frame: RunFrame,
  { target, restoring, backupId, archive }: SafetyBackupRequest & ArchiveNames,
): Promise<DatabaseArchive> {
  const { project } = target;
  const database = requireTargetDatabase(target);
  // Whether the target is what its migrations make is nobody's question now, and the answer takes a scratch server.
  const config = { ...context.config, project, database, migrationDrift: 'off' } as const;
  try {
    return await makeDatabaseArchive({ ...context, config }, frame, {
      backupId,
      archive,
      chunkerParams: chunkerParamsOf(await listKnownArchives(context)),
      earlier: [],
      runKinds: ['database'],
      safetyBackupOf: { project, database: database.database, restoredBackup: restoring },
    });
  } catch (error) {
    context.signal.throwIfAborted();
    throw safetyError(project, error);
  }
}

function safetyError(project: string, cause: unknown): AppError {
  const known = cause instanceof AppError ? cause : undefined;
  const code = known?.code === 'source_unreachable' ? 'target_unreachable' : (known?.code ?? 'failed');
  return new AppError(
    code,
    `The target ${project} could not be backed up before the restore, so nothing was restored, and nothing on it was touched. ${messageOf(cause)}`,
    {
      hint: `${known?.hint ?? 'This is a defect of the agent: please report it.'} What is on the target may be lost for good if you go on without that: --no-safety-backup.`,
      cause,
      retryable: known?.retryable ?? false,
    },
  );
}

import type { CatalogArchive } from '../archive/catalog.ts';
import { readArchivedCatalog, readDumpHead } from '../archive/contents.ts';
import type { StorageSource } from '../archive/extract-objects.ts';
import { verifyParts } from '../archive/verify-parts.ts';
import { readManifest } from '../archive/verify.ts';
import type { ConnectionConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import { concludeCheck, concludeDrill, describeFailures, leaveUnchecked, type DrillCheck } from '../domain/drill/check.ts';
import { neededBytes } from '../domain/drill/space.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import type { Manifest } from '../domain/manifest.ts';
import { AppError } from '../errors.ts';
import { withAlerts } from './alerts.ts';
import { noticeLateness } from './check-lateness.ts';
import { rehearseRestore, type Rehearsed } from './drill-restore.ts';
import { drillObjects, drillStorageRows, openStorageSource } from './drill-storage.ts';
import { findArchives } from './find-archive.ts';
import { withRun, type RunFrame } from './run.ts';
import { enterStage } from './stage.ts';

export interface DrillRequest {
  /** `latest`, a backup id, or a unique beginning of one. */
  readonly backup: string;
  /** Of how many percent of the objects of Storage the bytes are read. */
  readonly sample: number;
  /** SQL of the user's own that the restored database is asked (domain/drill/judge-assertions); undefined for none. */
  readonly assertions: string | undefined;
}

export interface DrillReport extends Rehearsed {
  readonly status: RunStatus;
  /** How long it takes to read all objects of Storage, reckoned from those that were read; undefined without any. */
  readonly storageMs: number | undefined;
  readonly backupId: string;
  readonly archives: readonly string[];
  readonly startedAt: Date;
  readonly durationMs: number;
}

/** A drill that came to its end and found something that is not as it was. */
export class DrillFailedError extends AppError {
  readonly report: DrillReport;

  constructor(report: DrillReport) {
    super('verification_failed', `The drill of ${report.backupId} failed: ${describeFailures(report.checks)}.`, {
      hint: 'Try another backup (`agent drill BACKUP`), make a new one, and see what differs: `agent drill --json` names all of it.',
    });
    this.report = report;
  }
}

/**
 * Rehearses the restore of a backup: reads its archives from the repository and nothing else, restores into a scratch server, and checks
 * what came of it. Writes nothing anywhere but there. Throws DrillFailedError (verification_failed) when something is not as it was,
 * AppError no_space, tool_missing, backup_not_found when nothing could be tried.
 */
export async function drill(context: RunContext, request: DrillRequest): Promise<DrillReport> {
  try {
    return await withAlerts(context, 'drill', () => runDrill(context, request));
  } finally {
    await noticeLateness(context);
  }
}

async function runDrill(outer: RunContext, request: DrillRequest): Promise<DrillReport> {
  const startedAt = outer.clock.now();
  const startedMs = outer.clock.monotonicMs();
  return withRun(outer, { command: 'drill', startedAt, backupId: undefined }, async (frame, context) => {
    const { backupId, database, storage, missing } = await findArchives(context, request.backup);
    context.state.nameBackup(frame.runId, backupId);
    const source = storage === undefined ? undefined : await openStorageSource(context, storage.name);
    const rehearsed =
      database === undefined
        ? restoreNothing(request)
        : await drillDatabase(context, frame, { archive: database, source, assertions: request.assertions });
    const objects = source === undefined ? undefined : await drillObjects(context, source, request.sample);
    const checks = [...judgeArchives(missing), ...rehearsed.checks, ...(objects === undefined ? [] : [objects.check])];
    const report: DrillReport = {
      backupId,
      archives: [database, storage].flatMap((archive) => (archive === undefined ? [] : [archive.name])),
      startedAt,
      ...rehearsed,
      storageMs: objects?.wholeMs,
      checks,
      status: concludeDrill(checks),
      durationMs: Math.round(context.clock.monotonicMs() - startedMs),
    };
    if (report.status === 'failed') throw new DrillFailedError(report);
    return report;
  });
}

/** A backup of Storage alone has no database. */
function restoreNothing({ assertions }: DrillRequest): Rehearsed {
  const checks = assertions === undefined ? [] : [leaveUnchecked('assertions', 'no database was restored')];
  return { serverVersion: undefined, restoreMs: undefined, checks, warnings: [] };
}

/** What a run set out to make belongs to the backup. */
function judgeArchives(missing: readonly ArchiveKind[]): DrillCheck[] {
  if (missing.length === 0) return [];
  const failed = missing.map((kind) => `its ${kind} archive is missing`);
  return [concludeCheck('archive', { detail: 'not all of them', failed, notChecked: [] })];
}

interface DrilledArchives {
  readonly archive: CatalogArchive;
  readonly source: StorageSource | undefined;
  readonly assertions: string | undefined;
}

async function drillDatabase(
  context: RunContext,
  frame: RunFrame,
  { archive, source, assertions }: DrilledArchives,
): Promise<Rehearsed> {
  enterStage(context, 'verify', 'Checking the archive', { archive: archive.name });
  const manifest = await readManifest(context, archive.name);
  const parts = await verifyParts(context, archive.name, manifest);
  const catalog = await readArchivedCatalog(context, archive.name);
  const head = await readDumpHead(context, archive.name, manifest);
  await assertRoom(context, frame, manifest);
  const compareStorage =
    source === undefined ? undefined : (connection: ConnectionConfig) => drillStorageRows(context, connection, source);
  const rehearsed = await rehearseRestore(context, frame, { archive, manifest, catalog, head, assertions, compareStorage });
  const read = concludeCheck('archive', { detail: `${parts} checksums`, failed: [], notChecked: [] });
  return { ...rehearsed, checks: [read, ...rehearsed.checks] };
}

async function assertRoom(context: RunContext, frame: RunFrame, manifest: Manifest): Promise<void> {
  const place = await context.databases.scratchPlace(frame.directory);
  const [free, needed] = [await context.files.freeBytes(place), neededBytes(manifest)];
  if (free >= needed) return;
  const [has, wants] = [free, needed].map((bytes) => `${Math.ceil(bytes / 1024 ** 2).toLocaleString('en-US')} MiB`);
  throw new AppError(
    'no_space',
    `A drill of this backup may take ${wants} in ${place}, and ${has} are free there. Nothing was begun.`,
    {
      hint: 'Make room there, or point STATE_DIR (as root: TMPDIR, otherwise /var/tmp) to a larger file system.',
    },
  );
}

import { readCatalog, type CatalogArchive } from '../archive/catalog.ts';
import { nameArchive } from '../archive/read.ts';
import { verifyData } from '../archive/verify-data.ts';
import { verifyObjects } from '../archive/verify-objects.ts';
import { verifyParts } from '../archive/verify-parts.ts';
import { LayoutError, verificationError } from '../archive/verification-error.ts';
import { verifyStorageArchive } from '../archive/verify-storage.ts';
import { verifyArchive } from '../archive/verify.ts';
import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import { groupAllBackups, groupBackups, type Backup } from '../domain/backup-list.ts';
import { AppError, isDamage, messageOf } from '../errors.ts';
import { withAlerts } from './alerts.ts';
import { noticeLateness } from './check-lateness.ts';
import { chooseBackup } from './choose-backup.ts';
import { withRun } from './run.ts';
import { enterStage, noteStage } from './stage.ts';

export interface VerifyRequest {
  /** The newest backup, whatever its status; every one, safety backups too; or what `chooseBackup` understands. */
  readonly backups: 'newest' | 'all' | { readonly selector: string };
  /** Whether every byte of the dump is read, and not just its table of contents. */
  readonly data: boolean;
}

export interface VerifiedBackup {
  readonly backupId: string;
  readonly archive: string;
  readonly tables: number;
  readonly rows: number;
  readonly largeObjects: number;
  /** How many parts were compared with their checksums. */
  readonly parts: number;
  /** How many bytes of data were read out of the dump; undefined when they were not asked for. */
  readonly dataBytes: number | undefined;
  /** Undefined where the backup holds no Storage. */
  readonly storage: VerifiedStorage | undefined;
}

export interface VerifiedStorage {
  readonly archive: string;
  readonly objects: number;
  /** How many bytes of objects were read; undefined when they were not asked for. */
  readonly dataBytes: number | undefined;
}

export interface VerifyReport {
  readonly status: 'complete';
  readonly data: boolean;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly verified: readonly VerifiedBackup[];
  readonly warnings: readonly string[];
}

/**
 * Proves that backups can be read back: the manifest, the checksum of each part, the dump's table of contents and, when asked
 * for, all of its data. Reads only. Throws AppError verification_failed for what is not good; of several backups the others
 * are looked at all the same. Throws backup_not_found.
 */
export async function verify(context: RunContext, request: VerifyRequest): Promise<VerifyReport> {
  try {
    return await withAlerts(context, 'verify', () => runVerify(context, request));
  } finally {
    // Where backups have stopped, this may be all that still runs.
    await noticeLateness(context);
  }
}

async function runVerify(outer: RunContext, request: VerifyRequest): Promise<VerifyReport> {
  const startedAt = outer.clock.now();
  const startedMs = outer.clock.monotonicMs();
  return withRun(outer, { command: 'verify', startedAt, backupId: undefined }, async (_frame, context) => {
    const backups = await chooseBackups(context, request);
    const verified: VerifiedBackup[] = [];
    const failures: AppError[] = [];
    for (const backup of backups) {
      try {
        verified.push(await verifyOne(context, backup, request.data));
      } catch (error) {
        if (!isDamage(error)) throw error;
        failures.push(error);
      }
    }
    assertAllGood(failures, backups.length);
    const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
    return { status: 'complete', data: request.data, startedAt, durationMs, verified, warnings: [] };
  });
}

async function chooseBackups(context: RunContext, { backups }: VerifyRequest): Promise<readonly Backup<CatalogArchive>[]> {
  enterStage(context, 'catalog', 'Looking into the repository');
  const { project } = context.config;
  const catalog = await readCatalog(context);
  const wanted =
    backups === 'all' ? groupAllBackups(catalog.archives, project) : groupBackups(catalog.archives, project).slice(0, 1);
  // Of a repository without backups chooseBackup tells, whatever was asked for.
  if (wanted.length === 0 || typeof backups === 'object') {
    return [chooseBackup(catalog, project, typeof backups === 'object' ? backups.selector : 'latest')];
  }
  return wanted;
}

/** An archive that is missing is told once the other one is known to be good: that can still be restored. */
async function verifyOne(context: RunContext, backup: Backup<CatalogArchive>, data: boolean): Promise<VerifiedBackup> {
  const nameOf = (wanted: ArchiveKind): string | undefined => backup.archives.find(({ kind }) => kind === wanted)?.name;
  const [database, storage] = [nameOf('database'), nameOf('storage')];
  const verified = {
    backupId: backup.backupId,
    archive: (database ?? storage)!,
    ...(database === undefined ? noDatabase : await verifyDatabase(context, database, data)),
    storage: storage === undefined ? undefined : await verifyStorage(context, storage, data),
  };
  for (const kind of new Set(backup.archives.flatMap(({ runKinds }) => runKinds))) {
    if (nameOf(kind) !== undefined) continue;
    throw verificationError(backup.backupId, `its ${kind} archive is missing, and ${verified.archive} is good`);
  }
  return verified;
}

const noDatabase = { tables: 0, rows: 0, largeObjects: 0, parts: 0, dataBytes: undefined };

async function verifyDatabase(
  context: RunContext,
  archive: string,
  data: boolean,
): Promise<Omit<VerifiedBackup, 'backupId' | 'archive' | 'storage'>> {
  enterStage(context, 'verify', `Verifying ${archive}`, { archive });
  try {
    const manifest = await verifyArchive(context, archive);
    const parts = await verifyParts(context, archive, manifest);
    const dataBytes = data ? await verifyData(context, archive, manifest) : undefined;
    const tables = manifest.tables.filter(({ kind }) => kind === 'table');
    if (dataBytes !== undefined) noteStage(context, { bytes: dataBytes });
    return {
      tables: tables.length,
      rows: tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
      largeObjects: manifest.largeObjects.count,
      parts,
      dataBytes,
    };
  } catch (error) {
    throw nameArchive(archive, error);
  }
}

async function verifyStorage(context: RunContext, archive: string, data: boolean): Promise<VerifiedStorage> {
  enterStage(context, 'verify', `Verifying ${archive}`, { archive });
  try {
    const manifest = await verifyStorageArchive(context, archive);
    const dataBytes = data ? await verifyObjects(context, archive, manifest) : undefined;
    if (dataBytes !== undefined) noteStage(context, { bytes: dataBytes });
    return { archive, objects: manifest.totals.objects, dataBytes };
  } catch (error) {
    if (isDamage(error) && !(error instanceof LayoutError)) distrustMirror(context);
    throw nameArchive(archive, error);
  }
}

/** What is damaged in an archive may have been so in the mirror: the next backup reads all of it, and downloads what is not as it was. */
function distrustMirror({ storage, log }: RunContext): void {
  try {
    const mirror = storage?.openMirror();
    mirror?.distrust();
    mirror?.close();
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'the mirror could not be marked as doubtful');
  }
}

function assertAllGood(failures: readonly AppError[], total: number): void {
  const [first, ...others] = failures;
  if (first === undefined) return;
  if (others.length === 0 && total === 1) throw first;
  const messages = failures.map(({ message }) => message).join(' ');
  const newer = failures.filter((error) => error instanceof LayoutError).length;
  const counts = [
    ...(newer < failures.length ? [`${failures.length - newer} of ${total} backups are not good.`] : []),
    ...(newer > 0 ? [`${newer} of ${total} were written by a newer agent.`] : []),
  ];
  throw new AppError('verification_failed', `${counts.join(' ')} ${messages}`, {
    hint: first.hint,
    cause: first,
  });
}

import { readCatalog, type FreshArchive } from '../archive/catalog.ts';
import { planPrune, removeArchives } from '../archive/prune.ts';
import type { ArchiveSizes, RunContext } from '../context.ts';
import { formatArchiveName, formatBackupId, parseArchiveName } from '../domain/archive-name.ts';
import type { Coverage } from '../domain/coverage.ts';
import type { CatalogChanges, ManifestDrift } from '../domain/manifest.ts';
import { messageOf } from '../errors.ts';
import { chunkerParamsOf, listKnownArchives } from './known-archives.ts';
import { makeDatabaseArchive } from './make-archive.ts';
import { withRun } from './run.ts';
import { enterStage } from './stage.ts';

export interface BackupReport {
  readonly status: 'complete' | 'incomplete';
  readonly backupId: string;
  readonly archive: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly sizes: ArchiveSizes;
  readonly coverage: readonly Coverage[];
  /** In the definitions, since the previous backup; undefined when there is none to compare with. */
  readonly changes: CatalogChanges | undefined;
  /** Undefined when the project has no migrations, or they are not looked at. */
  readonly migrationDrift: ManifestDrift | undefined;
  readonly warnings: readonly string[];
  /** Archives that retention, or the clean-up after killed runs, has removed. */
  readonly removed: readonly string[];
}

/**
 * One backup of one project, from beginning to end: look at the source in one snapshot, stream it into an archive of a
 * provisional name, read that back, give it its name, and let retention remove what is old enough.
 * Throws AppError; then there is no new archive, and no old one is missing.
 */
export async function backup(context: RunContext): Promise<BackupReport> {
  const startedAt = context.clock.now();
  const startedMs = context.clock.monotonicMs();
  const backupId = formatBackupId(context.config.project, startedAt);
  const archive = formatArchiveName(backupId, 'database');

  return withRun(context, { command: 'backup', startedAt, backupId }, async (frame) => {
    const archives = await listKnownArchives(context);
    const { manifest, sizes } = await makeDatabaseArchive(context, frame, {
      backupId,
      archive,
      chunkerParams: chunkerParamsOf(archives),
      earlier: archives.map(({ name }) => name).filter((name) => isEarlier(name, context.config.project, startedAt)),
    });

    const { status, coverage } = manifest;
    const fresh = { name: archive, kind: 'database', status, chunkerParams: manifest.chunkerParams, sizes } as const;
    const { removed, warnings } = await cleanUp(context, fresh);
    const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
    context.log.info({ stage: 'done', archive, status, durationMs, ...sizes }, 'backup finished');
    return {
      status,
      backupId,
      archive,
      startedAt,
      durationMs,
      sizes,
      coverage,
      changes: manifest.changes,
      migrationDrift: manifest.migrationDrift,
      warnings: [...manifest.warnings, ...warnings],
      removed,
    };
  });
}

/** Safety backups are of other databases. If the clock was set back, there are later ones. */
function isEarlier(name: string, project: string, startedAt: Date): boolean {
  const parsed = parseArchiveName(name);
  return parsed?.project === project && parsed.startedAt.getTime() < startedAt.getTime();
}

/**
 * What happens once the backup is safe: leftovers of killed runs and, after a complete backup, what retention gives up.
 * A failure here does not make the backup less good, so it becomes a warning.
 */
async function cleanUp(context: RunContext, fresh: FreshArchive): Promise<{ removed: readonly string[]; warnings: string[] }> {
  enterStage(context, 'retention', 'Applying retention');
  try {
    const catalog = await readCatalog(context, fresh);
    const plan = fresh.status === 'complete' ? planPrune(context, catalog, fresh.status) : undefined;
    if (plan !== undefined && 'refused' in plan) {
      await removeArchives(context, catalog.leftovers);
      return { removed: catalog.leftovers, warnings: [`old backups were kept: ${plan.refused}`] };
    }
    const old = plan?.decisions.filter(({ action }) => action === 'remove').flatMap(({ archives }) => archives) ?? [];
    const removed = [...catalog.leftovers, ...old];
    await removeArchives(context, removed);
    return { removed, warnings: [] };
  } catch (error) {
    context.signal.throwIfAborted();
    return { removed: [], warnings: [`old backups could not be removed: ${messageOf(error)}`] };
  }
}

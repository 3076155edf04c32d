import { readCatalog, type CatalogArchive, type FreshArchive } from '../archive/catalog.ts';
import { planPrune, removeArchives } from '../archive/prune.ts';
import { verifyArchive } from '../archive/verify.ts';
import type { ArchiveSizes, RunContext } from '../context.ts';
import { formatArchiveName, formatBackupId, formatPartialName } from '../domain/archive-name.ts';
import type { Coverage } from '../domain/coverage.ts';
import type { CatalogChanges, ManifestDrift } from '../domain/manifest.ts';
import { messageOf } from '../errors.ts';
import { archiveDatabase } from './database-archive.ts';
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

type KnownArchive = Pick<CatalogArchive, 'name' | 'kind' | 'chunkerParams'>;

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
    const archives = await listArchives(context);
    const { manifest, sizes } = await archiveDatabase(context, frame, {
      backupId,
      archive,
      // Chunks are found again only when they are cut alike: what the first archive began with stays (design, decision 4).
      chunkerParams: archives.map(({ chunkerParams }) => chunkerParams).find((chunkerParams) => chunkerParams !== undefined),
      // If the clock was set back, there are later ones.
      earlier: archives.map(({ name }) => name).filter((name) => name < archive),
    });

    enterStage(context, 'verify', 'Reading the archive back');
    await verifyArchive(context, formatPartialName(archive));
    enterStage(context, 'rename', 'Giving the archive its name');
    await context.repository.rename(formatPartialName(archive), archive);

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

/** The project's database archives, newest first. */
async function listArchives(context: RunContext): Promise<KnownArchive[]> {
  const indexed = context.state.indexedArchives();
  enterStage(context, 'catalog', 'Looking into the repository');
  const archives: readonly KnownArchive[] = indexed.length > 0 ? indexed : (await readCatalog(context)).archives;
  return archives.filter(({ kind }) => kind === 'database').toSorted((a, b) => b.name.localeCompare(a.name));
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

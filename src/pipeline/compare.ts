import { compareWithBackup, type Comparison } from '../apply/compare.ts';
import { readKind } from '../apply/target-kind.ts';
import { readArchivedCatalog } from '../archive/contents.ts';
import { readManifest } from '../archive/verify.ts';
import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import { isEqual } from '../domain/comparison.ts';
import type { TargetKind } from '../domain/selection.ts';
import { hasAllObjects } from '../domain/storage/object-comparison.ts';
import { compareStorage, type ComparedObjects } from './compare-objects.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { findDatabaseArchive } from './find-archive.ts';
import { enterStage } from './stage.ts';

export interface CompareReport {
  /** incomplete: nothing is lost, but not everything could be looked at, or columns stand in another order. */
  readonly status: 'equal' | 'incomplete' | 'different';
  readonly backupId: string;
  readonly archive: string;
  readonly target: { readonly project: string; readonly database: string; readonly kind: TargetKind };
  readonly durationMs: number;
  readonly comparison: Comparison;
  /** Undefined where the backup has no objects of Storage, they were not asked for, or the target's Storage is not configured. */
  readonly objects: ComparedObjects | undefined;
  /** Whether objects that were asked for could not be looked at, for want of a key of the target's Storage. */
  readonly objectsLeftOut: boolean;
}

export interface CompareRequest {
  /** `latest`, a backup id, or a unique beginning of one. */
  readonly backup: string;
  readonly target: TargetConfig;
  /** Of how many percent of the objects of Storage the bytes are read; undefined for the database alone. */
  readonly sample: number | undefined;
}

/** Compares a database with a backup, class by class, and then the objects of Storage; writes nothing anywhere. Throws AppError. */
export async function compare(context: RunContext, { backup, target, sample }: CompareRequest): Promise<CompareReport> {
  const startedMs = context.clock.monotonicMs();
  const connection = requireTargetDatabase(target);
  const { backupId, archive, storage } = await findDatabaseArchive(context, backup);
  const manifest = await readManifest(context, archive.name);
  const catalog = await readArchivedCatalog(context, archive.name);
  enterStage(context, 'compare', 'Comparing');
  const kind = await readKind(context, connection);
  const comparison = await compareWithBackup(context, {
    connection,
    manifest,
    catalog,
    kind,
    includes: () => true,
  });
  const wanted = sample === undefined ? undefined : storage;
  const objects =
    wanted === undefined || sample === undefined || target.storage === undefined
      ? undefined
      : await compareStorage(context, wanted.name, { target, sample });
  return {
    status: objects === undefined || hasAllObjects(objects) ? judge(comparison) : 'different',
    backupId,
    archive: archive.name,
    target: { project: target.project, database: connection.database, kind },
    durationMs: Math.round(context.clock.monotonicMs() - startedMs),
    comparison,
    objects,
    objectsLeftOut: wanted !== undefined && objects === undefined,
  };
}

function judge(comparison: Comparison): CompareReport['status'] {
  if (!isEqual(comparison)) return 'different';
  const reordered = comparison.catalog.some(({ verdict }) => verdict === 'reordered');
  return comparison.uncompared.length > 0 || reordered ? 'incomplete' : 'equal';
}

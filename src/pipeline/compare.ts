import { compareWithBackup, type Comparison } from '../apply/compare.ts';
import { readKind } from '../apply/target-kind.ts';
import { readArchivedCatalog } from '../archive/contents.ts';
import { readManifest } from '../archive/verify.ts';
import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import { isEqual } from '../domain/comparison.ts';
import type { TargetKind } from '../domain/selection.ts';
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
}

/** Compares a database with a backup, class by class; writes nothing anywhere. Throws AppError. */
export async function compare(context: RunContext, selector: string, target: TargetConfig): Promise<CompareReport> {
  const startedMs = context.clock.monotonicMs();
  const { backupId, archive } = await findDatabaseArchive(context, selector);
  const manifest = await readManifest(context, archive.name);
  const catalog = await readArchivedCatalog(context, archive.name);
  enterStage(context, 'compare', 'Comparing');
  const kind = await readKind(context, target.database);
  const comparison = await compareWithBackup(context, {
    connection: target.database,
    manifest,
    catalog,
    kind,
    includes: () => true,
  });
  return {
    status: judge(comparison),
    backupId,
    archive: archive.name,
    target: { project: target.project, database: target.database.database, kind },
    durationMs: Math.round(context.clock.monotonicMs() - startedMs),
    comparison,
  };
}

function judge(comparison: Comparison): CompareReport['status'] {
  if (!isEqual(comparison)) return 'different';
  const reordered = comparison.catalog.some(({ verdict }) => verdict === 'reordered');
  return comparison.uncompared.length > 0 || reordered ? 'incomplete' : 'equal';
}

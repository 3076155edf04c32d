import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import type { ObjectSelection } from '../domain/storage/selection.ts';
import { AppError } from '../errors.ts';
import { bringObjects, judgeObjects, planObjects, type BroughtObjects } from './bring-objects.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { findStorageArchive } from './find-archive.ts';
import { assertAllowed } from './restore-allowed.ts';
import { withRun } from './run.ts';
import { requireTargetStorage } from './target-storage.ts';

export interface RestoreObjectsRequest {
  /** `latest`, a backup id, or a unique beginning of one. */
  readonly backup: string;
  readonly target: TargetConfig;
  readonly selection: ObjectSelection;
  readonly clean: boolean;
  readonly dryRun: boolean;
  /** Called with what will be done before anything is touched; throws when the user does not agree. */
  readonly confirm: (steps: readonly string[]) => Promise<void>;
}

export interface RestoreObjectsReport {
  readonly status: RunStatus;
  readonly backupId: string;
  readonly archive: string;
  readonly dryRun: boolean;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly target: { readonly project: string; readonly url: string };
  readonly steps: readonly string[];
  /** Undefined for a dry run. */
  readonly objects: BroughtObjects | undefined;
}

/** Brings objects of Storage back, and nothing else. Throws AppError; the message says in what state the target is. */
export async function restoreObjects(context: RunContext, request: RestoreObjectsRequest): Promise<RestoreObjectsReport> {
  const startedAt = context.clock.now();
  const startedMs = context.clock.monotonicMs();
  const { target, selection, clean, dryRun } = request;
  assertAllowed(target);
  const { url } = requireTargetStorage(target);
  requireTargetDatabase(target);
  return withRun(context, { command: 'restore', startedAt, backupId: undefined }, async () => {
    const { backupId, archive } = await findStorageArchive(context, request.backup);
    const { manifest, steps } = await planObjects(context, { archive: archive.name, selection });
    assertInBackup(selection, new Set(manifest.buckets.map(({ id }) => id)));
    const report = (status: RunStatus, objects: BroughtObjects | undefined): RestoreObjectsReport => ({
      status,
      backupId,
      archive: archive.name,
      dryRun,
      startedAt,
      durationMs: Math.round(context.clock.monotonicMs() - startedMs),
      target: { project: target.project, url },
      steps,
      objects,
    });
    if (dryRun) return report('complete', undefined);
    context.progress.end();
    await request.confirm(steps);
    const objects = await bringObjects(context, { archive: archive.name, target, selection, clean });
    return report(judgeObjects(objects), objects);
  });
}

function assertInBackup({ buckets, objects, prefixes }: ObjectSelection, known: ReadonlySet<string>): void {
  const asked = [...buckets, ...[...objects, ...prefixes].map(({ bucket }) => bucket)];
  const unknown = asked.find((bucket) => !known.has(bucket));
  if (unknown === undefined) return;
  throw new AppError('usage', `The backup holds no bucket ${unknown}. Nothing was touched.`, {
    hint: `It holds: ${[...known].slice(0, 20).join(', ') || 'none'}. \`agent show\` lists them.`,
  });
}

import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import { mayClean } from '../domain/storage/cleaning.ts';
import type { ObjectSelection } from '../domain/storage/object-selection.ts';
import { AppError } from '../errors.ts';
import { bringObjects, judgeObjects, planObjects } from './bring-objects.ts';
import { describeEndangered, findEndangeredObjects, hasObjects, type Endangered } from './endangered-objects.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { findStorageArchive } from './find-archive.ts';
import { assertAllowed } from './restore-allowed.ts';
import type { RestoreFacts } from './restore-facts.ts';
import { withRun, type RunFrame } from './run.ts';
import { assertSaved, backupEndangered, type SafetyBackup, type SafetyBackupRequest } from './safety-backup.ts';
import { enterStage } from './stage.ts';
import { requireTargetStorage } from './target-storage.ts';
import { assertObjectsWhole } from './whole.ts';

export interface RestoreObjectsRequest {
  /** `latest`, a backup id, or a unique beginning of one. */
  readonly backup: string;
  readonly target: TargetConfig;
  readonly selection: ObjectSelection;
  readonly clean: boolean;
  readonly dryRun: boolean;
  /** Restore what is whole, over what is there, and name what is damaged in the backup. */
  readonly allowIncomplete: boolean;
  /** Back up before what is written over or removed. */
  readonly safetyBackup: boolean;
  /** Called with what will be done before anything is touched; throws when the user does not agree. */
  readonly confirm: (steps: readonly string[]) => Promise<void>;
}

export interface RestoreObjectsReport extends RestoreFacts {
  readonly target: { readonly project: string; readonly url: string };
  readonly steps: readonly string[];
}

/** Brings objects of Storage back, and nothing else. Throws AppError; the message says in what state the target is. */
export async function restoreObjects(outer: RunContext, request: RestoreObjectsRequest): Promise<RestoreObjectsReport> {
  const startedAt = outer.clock.now();
  const startedMs = outer.clock.monotonicMs();
  const { target, selection, clean, dryRun } = request;
  assertAllowed(target);
  const { url } = requireTargetStorage(target);
  requireTargetDatabase(target);
  return withRun(outer, { command: 'restore', startedAt, backupId: undefined }, async (frame, context) => {
    const { backupId, archive } = await findStorageArchive(context, request.backup);
    context.state.nameBackup(frame.runId, backupId);
    const { manifest, steps } = await planObjects(context, { archive: archive.name, selection, url });
    assertInBackup(selection, new Set(manifest.buckets.map(({ id }) => id)));
    enterStage(context, 'target', 'Looking at the target');
    const endangered = await findEndangeredObjects(context, frame, {
      archive: archive.name,
      manifest,
      target,
      selection,
      cleans: (bucket) => clean && mayClean(manifest, selection, bucket),
    });
    try {
      const plan = [...steps, ...describeEndangered(endangered, request.safetyBackup)];
      const carryOut = async (): Promise<Outcome> => {
        context.progress.end();
        await request.confirm(plan);
        const objectsOf = { archive: archive.name, selection, directory: frame.directory };
        if (hasObjects(endangered) && !request.allowIncomplete) await assertObjectsWhole(context, objectsOf);
        const safety = request.safetyBackup
          ? await save(context, frame, { target, restoring: backupId, endangered })
          : undefined;
        const objects = await bringObjects(context, { ...objectsOf, target, clean });
        return { status: judgeObjects(objects), objects, safetyBackup: safety?.backupId, warnings: safety?.warnings ?? [] };
      };
      const outcome = dryRun ? nothingDone : await carryOut();
      return {
        backupId,
        archive: archive.name,
        dryRun,
        startedAt,
        durationMs: Math.round(context.clock.monotonicMs() - startedMs),
        target: { project: target.project, url },
        steps: plan,
        ...outcome,
      };
    } finally {
      endangered.close();
    }
  });
}

type Outcome = Pick<RestoreObjectsReport, 'status' | 'objects' | 'safetyBackup' | 'warnings'>;

const nothingDone: Outcome = { status: 'complete', objects: undefined, safetyBackup: undefined, warnings: [] };

async function save(
  context: RunContext,
  frame: RunFrame,
  request: SafetyBackupRequest & { readonly endangered: Endangered },
): Promise<SafetyBackup | undefined> {
  const safety = await backupEndangered(context, frame, request);
  if (safety !== undefined) assertSaved(safety);
  return safety;
}

function assertInBackup({ buckets }: ObjectSelection, known: ReadonlySet<string>): void {
  const unknown = [...(buckets?.keys() ?? [])].find((bucket) => !known.has(bucket));
  if (unknown === undefined) return;
  throw new AppError('usage', `The backup holds no bucket ${unknown}. Nothing was touched.`, {
    hint: `It holds: ${[...known].slice(0, 20).join(', ') || 'none'}. \`agent show\` lists them.`,
  });
}

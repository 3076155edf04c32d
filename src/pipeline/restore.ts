import type { CatalogArchive } from '../archive/catalog.ts';
import { readArchivedCatalog, readDumpHead, type ArchivedHead } from '../archive/contents.ts';
import { readManifest } from '../archive/verify.ts';
import { compareWithBackup, type Comparison } from '../apply/compare.ts';
import { comparedPart } from '../apply/compared-part.ts';
import { judgeRestore } from '../apply/outcome.ts';
import { planRestore } from '../apply/plan.ts';
import type { RestorePlan } from '../apply/plan-types.ts';
import type { TargetFacts } from '../apply/target.ts';
import type { TargetConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import type { Manifest } from '../domain/manifest.ts';
import { isWhole, type RestoreScope } from '../domain/restore-scope.ts';
import { allObjects } from '../domain/storage/object-selection.ts';
import { AppError } from '../errors.ts';
import { bringObjects, judgeObjects } from './bring-objects.ts';
import { hasObjects } from './endangered-objects.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { findDatabaseArchive } from './find-archive.ts';
import { planStorage, type StoragePlan } from './plan-storage.ts';
import { assertAllowed } from './restore-allowed.ts';
import type { RestoreFacts } from './restore-facts.ts';
import { lookAtTarget, restoreDatabase, tellRestored, type TargetLook } from './restore-database.ts';
import { withRun, type RunFrame } from './run.ts';
import { assertSaved, backupTarget, type SafetyBackup } from './safety-backup.ts';
import { enterStage } from './stage.ts';
import { assertDatabaseWhole, assertObjectsWhole } from './whole.ts';

export interface RestoreRequest {
  /** `latest`, a backup id, or a unique beginning of one. */
  readonly backup: string;
  readonly target: TargetConfig;
  /** Several jobs at once, from a staged copy of the dump; undefined for one transaction. */
  readonly jobs: number | undefined;
  readonly dryRun: boolean;
  /** Restore what can be restored, name the rest, and end incomplete. */
  readonly allowIncomplete: boolean;
  /** Let cron jobs and webhooks act as soon as they are restored. */
  readonly enableJobs: boolean;
  readonly scope: RestoreScope;
  /** Clear the target of what is the user's before. */
  readonly clean: boolean;
  /** Back the target up before it is written to. */
  readonly safetyBackup: boolean;
  /** Called with the plan before anything is touched; throws when the user does not agree. */
  readonly confirm: (plan: RestorePlan, facts: TargetFacts) => Promise<void>;
}

export interface RestoreReport extends RestoreFacts {
  readonly target: { readonly project: string; readonly database: string; readonly version: string };
  readonly plan: RestorePlan;
  /** Undefined for a dry run. */
  readonly comparison: Comparison | undefined;
  /** What differs and neither the plan nor the target has named: why the restore counts as failed. */
  readonly unexplained: readonly string[];
  /** What was tried and refused by the target. */
  readonly skipped: readonly string[];
}

/**
 * Brings a backup, or a part of it, into a target: check the archive, look at the target, plan, ask, save what is there, apply, compare.
 * Nothing is written to the target before all of that could be checked has been checked.
 * Throws AppError; the message says in what state the target is.
 */
export async function restore(outer: RunContext, request: RestoreRequest): Promise<RestoreReport> {
  const startedAt = outer.clock.now();
  const startedMs = outer.clock.monotonicMs();
  assertAllowed(request.target);
  requireTargetDatabase(request.target);

  return withRun(outer, { command: 'restore', startedAt, backupId: undefined }, async (frame, context) => {
    const { backupId, archive, storage } = await findDatabaseArchive(context, request.backup);
    context.state.nameBackup(frame.runId, backupId);
    enterStage(context, 'verify', 'Checking the archive');
    const manifest = await readManifest(context, archive.name);
    const catalog = await readArchivedCatalog(context, archive.name);
    const head = await readDumpHead(context, archive.name, manifest);

    enterStage(context, 'target', 'Looking at the target');
    const look = await lookAtTarget(context, frame, { connection: requireTargetDatabase(request.target), manifest });
    const ofStorage = await planStorage(context, frame, {
      ...request,
      archive: isWhole(request.scope) ? storage?.name : undefined,
    });
    try {
      const planned = planRestore({ ...request, manifest, catalog, head: head.head, target: look.facts });
      const plan = {
        ...planned,
        steps: [...planned.steps, ...ofStorage.steps],
        forbidden: [...planned.forbidden, ...ofStorage.forbidden],
      };
      const found = { backupId, archive, manifest, catalog, head, look, plan, ofStorage };
      const outcome = request.dryRun ? nothingDone : await carryOut(context, frame, { request, found });
      return {
        backupId,
        archive: archive.name,
        dryRun: request.dryRun,
        startedAt,
        target: { project: request.target.project, database: look.facts.database, version: look.facts.version },
        plan,
        durationMs: Math.round(context.clock.monotonicMs() - startedMs),
        ...outcome,
        warnings: [...plan.manual, ...outcome.warnings],
      };
    } finally {
      ofStorage.endangered?.close();
    }
  });
}

/** All that was looked at, and nothing written yet. */
interface Found {
  readonly backupId: string;
  readonly archive: CatalogArchive;
  readonly manifest: Manifest;
  readonly catalog: Awaited<ReturnType<typeof readArchivedCatalog>>;
  readonly head: ArchivedHead;
  readonly look: TargetLook;
  readonly plan: RestorePlan;
  readonly ofStorage: StoragePlan;
}

/** Asks, saves what is there, writes, compares. */
async function carryOut(
  context: RunContext,
  frame: RunFrame,
  { request, found }: { readonly request: RestoreRequest; readonly found: Found },
): Promise<Outcome> {
  const { target, scope, clean, jobs } = request;
  const { archive, manifest, catalog, head, look, plan, ofStorage } = found;
  assertPossible(plan, request.allowIncomplete);
  context.progress.end();
  await request.confirm(plan, look.facts);

  if (ofStorage.archive !== undefined && hasObjects(ofStorage.endangered) && !request.allowIncomplete)
    await assertObjectsWhole(context, { archive: ofStorage.archive, selection: allObjects, directory: frame.directory });
  if (plan.tolerant && plan.replaced.length > 0) await assertDatabaseWhole(context, archive.name, manifest);
  const safety =
    request.safetyBackup && isWorthSaving(look.facts) ? await saveTarget(context, frame, target, found) : undefined;
  const { skipped, warnings } = await restoreDatabase(context, frame, look, { archive, head, plan, jobs });
  enterStage(context, 'compare', 'Comparing the result with the backup');
  const comparison = await tellRestored(skipped, () =>
    compareWithBackup(context, {
      connection: requireTargetDatabase(target),
      manifest,
      catalog,
      kind: look.facts.kind,
      includes: comparedPart(scope, plan.decisions, look.facts),
    }),
  );
  const judgement = judgeRestore(plan, comparison, skipped);
  const ofObjects = { target, selection: allObjects, clean, directory: frame.directory };
  const objects =
    ofStorage.archive === undefined
      ? undefined
      : await bringObjects(context, { ...ofObjects, archive: ofStorage.archive }).catch(tellDatabaseCame);
  return {
    ...judgement,
    status: worst(judgement.status, objects === undefined ? 'complete' : judgeObjects(objects)),
    objects,
    comparison,
    skipped,
    safetyBackup: safety?.backupId,
    warnings: [...(safety?.warnings ?? []), ...warnings],
  };
}

/** The database cannot come a second time: the same command would be refused for what it has brought itself. */
function tellDatabaseCame(error: unknown): never {
  if (!(error instanceof AppError)) throw error;
  const { code, message, hint, retryable } = error;
  throw new AppError(code, `${message} The database was restored before that.`, {
    hint: `${hint} With --only storage beside the other options, for the database is there by now.`,
    retryable,
    cause: error,
  });
}

function worst(...statuses: readonly RunStatus[]): RunStatus {
  return (['failed', 'incomplete'] as const).find((status) => statuses.includes(status)) ?? 'complete';
}

type Outcome = Pick<
  RestoreReport,
  'objects' | 'status' | 'unexplained' | 'comparison' | 'skipped' | 'safetyBackup' | 'warnings'
>;

const nothingDone: Outcome = {
  objects: undefined,
  status: 'complete',
  unexplained: [],
  comparison: undefined,
  skipped: [],
  safetyBackup: undefined,
  warnings: [],
};

async function saveTarget(
  context: RunContext,
  frame: RunFrame,
  target: TargetConfig,
  { backupId, plan, ofStorage: { endangered } }: Found,
): Promise<SafetyBackup> {
  const safety = await backupTarget(context, frame, { target, restoring: backupId, endangered });
  if (plan.replaced.length > 0 || hasObjects(endangered)) assertSaved(safety);
  return safety;
}

/** In an empty database there is nothing to save; the roles and settings of a platform are something. */
function isWorthSaving({ kind, contents, occupied, largeObjects }: TargetFacts): boolean {
  return kind !== 'plain' || contents.length + occupied.size + largeObjects > 0;
}

const shownRefusals = 10;

function assertPossible(plan: RestorePlan, allowIncomplete: boolean): void {
  if (plan.refusals.length > 0) {
    const more = plan.refusals.length - shownRefusals;
    const reasons = [
      ...plan.refusals.slice(0, shownRefusals),
      ...(more > 0 ? [`and ${more} more (--dry-run lists them)`] : []),
    ];
    throw new AppError('target_refused', `The restore is not possible: ${reasons.join('; ')}. Nothing was touched.`, {
      hint: 'Restore into an empty database of the same or a newer PostgreSQL (createdb NAME), or say what becomes of what is there: --clean, or --mode with a part of the backup. agent restore --help.',
    });
  }
  if (plan.losses.length === 0 || allowIncomplete) return;
  throw new AppError('backup_incomplete', `Not everything could be restored: ${plan.losses.join('; ')}. Nothing was touched.`, {
    hint: 'Mend that, or restore the rest with --allow-incomplete: what fails is then skipped and named, and the exit code is 3.',
  });
}

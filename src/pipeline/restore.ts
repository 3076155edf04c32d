import type { CatalogArchive } from '../archive/catalog.ts';
import { readArchivedCatalog, readDumpHead, type ArchivedHead } from '../archive/contents.ts';
import { readManifest } from '../archive/verify.ts';
import { analyze } from '../apply/analyze.ts';
import { compareWithBackup, type Comparison } from '../apply/compare.ts';
import { comparedPart } from '../apply/compared-part.ts';
import { judgeRestore } from '../apply/outcome.ts';
import { applyDump } from '../apply/apply-dump.ts';
import { planRestore } from '../apply/plan.ts';
import type { RestorePlan } from '../apply/plan-types.ts';
import type { ApplyRequest } from '../apply/request.ts';
import { inspectTarget, type TargetFacts } from '../apply/target.ts';
import type { TargetConfig } from '../config/project-config.ts';
import type { PostgresPrograms, RunContext } from '../context.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import type { Manifest } from '../domain/manifest.ts';
import { isWhole, type RestoreScope } from '../domain/restore-scope.ts';
import { relationKey } from '../domain/selection.ts';
import { allObjects } from '../domain/storage/selection.ts';
import { AppError } from '../errors.ts';
import { bringObjects, judgeObjects, planObjects, type BroughtObjects } from './bring-objects.ts';
import { requireTargetDatabase } from './configured-database.ts';
import { findDatabaseArchive } from './find-archive.ts';
import { assertAllowed } from './restore-allowed.ts';
import { withRun, type RunFrame } from './run.ts';
import { backupTarget, type SafetyBackup } from './safety-backup.ts';
import { enterStage } from './stage.ts';

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

export interface RestoreReport {
  readonly status: RunStatus;
  readonly backupId: string;
  readonly archive: string;
  readonly dryRun: boolean;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly target: { readonly project: string; readonly database: string; readonly version: string };
  readonly plan: RestorePlan;
  /** Undefined for a dry run. */
  readonly comparison: Comparison | undefined;
  /** What differs and neither the plan nor the target has named: why the restore counts as failed. */
  readonly unexplained: readonly string[];
  /** What was tried and refused by the target. */
  readonly skipped: readonly string[];
  /** Undefined where no objects of Storage were written. */
  readonly objects: BroughtObjects | undefined;
  /** The id of the backup that was made of the target before. */
  readonly safetyBackup: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * Brings a backup, or a part of it, into a target: check the archive, look at the target, plan, ask, save what is there, apply, compare.
 * Nothing is written to the target before all of that could be checked has been checked.
 * Throws AppError; the message says in what state the target is.
 */
export async function restore(context: RunContext, request: RestoreRequest): Promise<RestoreReport> {
  const startedAt = context.clock.now();
  const startedMs = context.clock.monotonicMs();
  assertAllowed(request.target);
  requireTargetDatabase(request.target);

  return withRun(context, { command: 'restore', startedAt, backupId: undefined }, async (frame) => {
    const { backupId, archive, storage } = await findDatabaseArchive(context, request.backup);
    enterStage(context, 'verify', 'Checking the archive');
    const manifest = await readManifest(context, archive.name);
    const catalog = await readArchivedCatalog(context, archive.name);
    const head = await readDumpHead(context, archive.name, manifest);

    enterStage(context, 'target', 'Looking at the target');
    const { facts, programs, environment } = await lookAtTarget(context, frame, { request, manifest });
    const objects = isWhole(request.scope) ? storage : undefined;
    const plan = await withObjects(context, planRestore({ ...request, manifest, catalog, head: head.head, target: facts }), {
      archive: objects?.name,
      target: request.target,
    });
    const target = { project: request.target.project, database: facts.database, version: facts.version };
    const outcome = (result: Outcome): RestoreReport => ({
      backupId,
      archive: archive.name,
      dryRun: request.dryRun,
      startedAt,
      target,
      plan,
      durationMs: Math.round(context.clock.monotonicMs() - startedMs),
      ...result,
      warnings: [...plan.manual, ...result.warnings],
    });
    if (request.dryRun) return outcome(nothingDone);

    assertPossible(plan, request.allowIncomplete);
    context.progress.end();
    await request.confirm(plan, facts);

    const safety =
      request.safetyBackup && isWorthSaving(facts) ? await saveTarget(context, frame, { request, plan, backupId }) : undefined;
    const { skipped, warnings } = await apply(context, frame, { request, archive, head, facts, plan, programs, environment });
    enterStage(context, 'compare', 'Comparing the result with the backup');
    const comparison = await compareWithBackup(context, {
      connection: requireTargetDatabase(request.target),
      manifest,
      catalog,
      kind: facts.kind,
      includes: comparedPart(request.scope, plan.decisions, facts),
    });
    const judgement = judgeRestore(plan, comparison, skipped);
    const brought =
      objects === undefined || request.target.storage === undefined
        ? undefined
        : await bringObjects(context, {
            archive: objects.name,
            target: request.target,
            selection: allObjects,
            clean: request.clean,
          });
    return outcome({
      ...judgement,
      status: worst(judgement.status, brought === undefined ? 'complete' : judgeObjects(brought)),
      objects: brought,
      comparison,
      skipped,
      safetyBackup: safety?.backupId,
      warnings: [...(safety?.warnings ?? []), ...warnings],
    });
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

/** The plan, and what becomes of the objects of Storage that the backup holds. */
async function withObjects(
  context: RunContext,
  plan: RestorePlan,
  { archive, target }: { readonly archive: string | undefined; readonly target: TargetConfig },
): Promise<RestorePlan> {
  if (archive === undefined) return plan;
  const { manifest, steps } = await planObjects(context, { archive, selection: allObjects });
  if (manifest.totals.objects + manifest.totals.buckets === 0) return plan;
  if (target.storage !== undefined) return { ...plan, steps: [...plan.steps, ...steps] };
  const what = `${manifest.totals.objects.toLocaleString('en-US')} objects of Storage`;
  const why = `no key of the target's Storage is configured (SUPABASE_SERVICE_ROLE_KEY of ${target.project})`;
  return { ...plan, forbidden: [...plan.forbidden, { what, why }] };
}

interface SaveRequest {
  readonly request: RestoreRequest;
  readonly plan: RestorePlan;
  readonly backupId: string;
}

/** What goes from the target has to be in the safety backup. Throws AppError target_refused when it may not be. */
async function saveTarget(
  context: RunContext,
  frame: RunFrame,
  { request, plan, backupId }: SaveRequest,
): Promise<SafetyBackup> {
  const safety = await backupTarget(context, frame, { target: request.target, restoring: backupId });
  if (safety.status === 'complete' || plan.replaced.length === 0) return safety;
  throw new AppError(
    'target_refused',
    `What is on the target would be replaced, and ${safety.warnings.join('; ')}. Nothing was touched.`,
    {
      hint: 'Give the role of the target the rights to read all of it, or do without a backup of what is there: --no-safety-backup.',
    },
  );
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

interface TargetLook {
  readonly facts: TargetFacts;
  readonly programs: PostgresPrograms;
  readonly environment: Readonly<Record<string, string>>;
}

async function lookAtTarget(
  context: RunContext,
  frame: RunFrame,
  { request, manifest }: { readonly request: RestoreRequest; readonly manifest: Manifest },
): Promise<TargetLook> {
  const connection = requireTargetDatabase(request.target);
  const environment = await context.databases.clientEnvironment(connection, frame.directory);
  // A dump is read by a pg_restore that is not older than the pg_dump that wrote it.
  const dumpedWith = Number.parseInt(manifest.tools.pgDump, 10);
  const findPrograms = (major: number): Promise<PostgresPrograms> =>
    context.databases.findPrograms(Math.max(major, dumpedWith));
  const facts = await inspectTarget(context, {
    connection,
    findPrograms,
    environment,
    tables: manifest.tables,
    extensions: manifest.extensions.map(({ name }) => name),
  });
  return { facts, programs: await findPrograms(facts.major), environment };
}

interface ApplyFacts extends TargetLook {
  readonly request: RestoreRequest;
  readonly archive: CatalogArchive;
  readonly head: ArchivedHead;
  readonly plan: RestorePlan;
}

async function apply(
  context: RunContext,
  frame: RunFrame,
  { request, archive, head, facts, plan, programs, environment }: ApplyFacts,
): Promise<{ readonly skipped: string[]; readonly warnings: string[] }> {
  const connection = requireTargetDatabase(request.target);
  const applyRequest: ApplyRequest = {
    archive: archive.name,
    sizes: archive.sizes,
    connection,
    database: facts.database,
    targetMajor: facts.major,
    programs,
    environment,
    directory: frame.directory,
    plan,
    head: head.head,
    headLength: head.length,
    columnsOf: (schema, table) => facts.relations.get(relationKey(schema, table))?.columns ?? [],
  };
  enterStage(context, 'restore', 'Restoring');
  const skipped = await applyDump(context, applyRequest, request.jobs);

  enterStage(context, 'analyze', 'Gathering statistics (ANALYZE)');
  const session = await context.databases.connect(connection);
  try {
    return { skipped: skipped.map(({ what, error }) => `${what}: ${error}`), warnings: await analyze(session) };
  } finally {
    await session.close();
  }
}

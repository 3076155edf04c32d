import type { CatalogArchive } from '../archive/catalog.ts';
import type { ArchivedHead } from '../archive/contents.ts';
import { analyze } from '../apply/analyze.ts';
import { applyDump } from '../apply/apply-dump.ts';
import type { RestorePlan } from '../apply/plan-types.ts';
import type { ApplyRequest } from '../apply/request.ts';
import { inspectTarget, type TargetFacts } from '../apply/target.ts';
import type { ConnectionConfig } from '../config/project-config.ts';
import type { PostgresPrograms, RunContext } from '../context.ts';
import type { Manifest } from '../domain/manifest.ts';
import { AppError } from '../errors.ts';
import { relationKey } from '../domain/selection.ts';
import type { RunFrame } from './run.ts';
import { enterStage } from './stage.ts';

/** The database that is written to, as it was before, and the programs that write. */
export interface TargetLook {
  readonly connection: ConnectionConfig;
  readonly facts: TargetFacts;
  readonly programs: PostgresPrograms;
  readonly environment: Readonly<Record<string, string>>;
}

/** Looks at the target as far as the backup is concerned. Throws AppError. */
export async function lookAtTarget(
  context: RunContext,
  frame: RunFrame,
  { connection, manifest }: { readonly connection: ConnectionConfig; readonly manifest: Manifest },
): Promise<TargetLook> {
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
  return { connection, facts, programs: await findPrograms(facts.major), environment };
}

export interface DatabaseRestore {
  readonly archive: CatalogArchive;
  readonly head: ArchivedHead;
  readonly plan: RestorePlan;
  readonly jobs: number | undefined;
}

/** Writes what the plan says. Answers what the target refused, and what else there is to know. Throws AppError. */
export async function restoreDatabase(
  context: RunContext,
  frame: RunFrame,
  { connection, facts, programs, environment }: TargetLook,
  { archive, head, plan, jobs }: DatabaseRestore,
): Promise<{ readonly skipped: string[]; readonly warnings: string[] }> {
  const request: ApplyRequest = {
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
  const applied = await applyDump(context, request, jobs);
  const skipped = applied.map(({ what, error }) => `${what}: ${error}`);

  enterStage(context, 'analyze', 'Gathering statistics (ANALYZE)');
  const warnings = await tellRestored(skipped, async () => {
    const session = await context.databases.connect(connection);
    try {
      return await analyze(session);
    } finally {
      await session.close();
    }
  });
  return { skipped, warnings };
}

const shownRefusals = 10;

/** Does what comes after the COMMIT; when the connection breaks there, the error says what is on the target, and what it has refused. */
export async function tellRestored<Result>(refused: readonly string[], work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'source_unreachable')) throw error;
    const more = refused.length - shownRefusals;
    const named = [...refused.slice(0, shownRefusals), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
    const but = refused.length === 0 ? '' : `, but for what the target has refused (${named})`;
    const message = `${error.message}. All that was to come into the database is on the target${but}; it was not compared with the backup.`;
    throw new AppError(error.code, message, {
      hint: 'Do not restore it again: `agent compare` compares it when the target can be reached, and ANALYZE gives its planner statistics. Objects of Storage come with `--only storage`.',
      cause: error,
    });
  }
}

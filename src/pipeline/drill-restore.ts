import { compareWithBackup } from '../apply/compare.ts';
import { assertRoomForAll, brokenByMachine, sessionBrokenByMachine } from '../apply/drill/broken-by-machine.ts';
import { makeEventTriggers } from '../apply/drill/event-triggers.ts';
import { readRestored } from '../apply/drill/read-restored.ts';
import { prepareScratchTarget, type ScratchTarget } from '../apply/drill/scratch-target.ts';
import { planRestore } from '../apply/plan.ts';
import type { RestorePlan } from '../apply/plan-types.ts';
import type { CatalogArchive } from '../archive/catalog.ts';
import type { ArchivedHead } from '../archive/contents.ts';
import type { ConnectionConfig } from '../config/project-config.ts';
import type { RunContext } from '../context.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { indexCatalog } from '../domain/catalog-index.ts';
import { concludeCheck, type DrillCheck } from '../domain/drill/check.ts';
import { isOfMachine } from '../domain/drill/judge-facts.ts';
import { judgeAssertions } from '../domain/drill/judge-assertions.ts';
import type { RestoredFacts } from '../domain/drill/restored-facts.ts';
import type { Manifest } from '../domain/manifest.ts';
import { majorOfVersion } from '../domain/newer-server.ts';
import { everything } from '../domain/restore-scope.ts';
import { chooseSearchPath } from '../domain/search-path.ts';
import { sqlStateOf } from '../domain/sql-state.ts';
import { AppError, messageOf } from '../errors.ts';
import { judgeBroken, judgeRehearsal, type JudgedRehearsal } from './drill-judgement.ts';
import { lookAtTarget, restoreDatabase, type TargetLook } from './restore-database.ts';
import type { RunFrame } from './run.ts';
import { enterStage } from './stage.ts';

export interface DrilledBackup {
  readonly archive: CatalogArchive;
  readonly manifest: Manifest;
  readonly catalog: readonly CatalogRecord[] | undefined;
  readonly head: ArchivedHead;
  /** SQL of the user's own that the restored database is asked; undefined for none. */
  readonly assertions: string | undefined;
  /** Compares what was restored with the objects of Storage; undefined where the backup has none. */
  readonly compareStorage: ((connection: ConnectionConfig) => Promise<DrillCheck>) | undefined;
}

export interface Rehearsed extends JudgedRehearsal {
  /** Of the scratch server; undefined where there was no database to restore. */
  readonly serverVersion: string | undefined;
  /** How long the restore and the comparison with the backup took; undefined when the restore did not come to its end. */
  readonly restoreMs: number | undefined;
}

/** Restores the database of a backup into a scratch server of its own, which is gone afterwards, and checks what came of it. */
export async function rehearseRestore(context: RunContext, frame: RunFrame, backup: DrilledBackup): Promise<Rehearsed> {
  const { manifest, catalog = [] } = backup;
  enterStage(context, 'target', 'Starting a scratch server');
  const server = await context.databases.startScratchServer(majorOfVersion(manifest.server.versionNumber), frame.directory);
  // A server that stops ends every session, whatever that waits for.
  const stop = (): void => void server.close().catch(() => undefined);
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    context.signal.throwIfAborted();
    const { databases } = context;
    const target = await prepareScratchTarget({ databases, server, major: server.major, manifest, catalog });
    try {
      return await rehearse(context, frame, { backup, target });
    } finally {
      await target.admin.close();
    }
  } catch (error) {
    context.signal.throwIfAborted();
    throw sessionBrokenByMachine(error) ?? error;
  } finally {
    context.signal.removeEventListener('abort', stop);
    await server.close();
  }
}

interface Stage {
  readonly backup: DrilledBackup;
  readonly target: ScratchTarget;
}

async function rehearse(context: RunContext, frame: RunFrame, { backup, target }: Stage): Promise<Rehearsed> {
  const { manifest, catalog = [] } = backup;
  const { clock } = context;
  const startedMs = clock.monotonicMs();
  const look = await lookAtTarget(context, frame, { connection: target.connection, manifest });
  const serverVersion = look.facts.version;
  const plan = planRehearsal(backup, look);
  const restored = await tryRestore(context, frame, { backup, look, plan });
  if (restored instanceof AppError) {
    return { serverVersion, restoreMs: undefined, checks: judgeBroken(restored.message, backup), warnings: [] };
  }
  const restoredMs = clock.monotonicMs() - startedMs;
  enterStage(context, 'compare', 'Comparing the result with the backup');
  // No restore asks this; a view alone may take a minute.
  const facts = await askDatabase(context, target, catalog);
  const askedMs = clock.monotonicMs();
  const triggers = await makeEventTriggers(target.admin, catalog);
  const comparison = await compareWithBackup(context, {
    connection: target.connection,
    manifest,
    catalog: backup.catalog,
    kind: look.facts.kind,
    includes: () => true,
  });
  const restoreMs = Math.round(restoredMs + clock.monotonicMs() - askedMs);
  const ofStorage = backup.compareStorage === undefined ? [] : [await backup.compareStorage(target.connection)];
  const asserted = await runAssertions(context, target, backup);
  const { skipped } = restored;
  const warnings = [...target.refused, ...restored.warnings];
  const judged = judgeRehearsal({
    ...backup,
    plan,
    serverMajor: look.facts.major,
    skipped,
    triggers,
    comparison,
    facts,
    warnings,
  });
  return { serverVersion, restoreMs, ...judged, checks: [...judged.checks, ...ofStorage, ...asserted] };
}

/** In one transaction where nothing is lost beforehand; what this machine lacks is left out and named otherwise. */
function planRehearsal({ manifest, catalog, head }: DrilledBackup, look: TargetLook): RestorePlan {
  // What stands there has been prepared for the restore.
  const target = { ...look.facts, contents: [] };
  const request = {
    manifest,
    catalog,
    head: head.head,
    target,
    scope: everything,
    jobs: undefined,
    enableJobs: false,
    clean: false,
  };
  const plan = planRestore({ ...request, allowIncomplete: false });
  if (plan.refusals.length > 0) {
    throw new AppError('target_refused', `A drill of this backup is not possible: ${plan.refusals.join('; ')}.`, {
      hint: 'Restore it into an empty database of your own (agent restore, docs/restore.md), which compares the result as well.',
    });
  }
  return withoutMappings(plan.losses.length === 0 ? plan : planRestore({ ...request, allowIncomplete: true }), catalog ?? []);
}

/** Without the names and passwords of other servers nothing that is restored can talk to these. */
function withoutMappings(plan: RestorePlan, catalog: readonly CatalogRecord[]): RestorePlan {
  const mappings = catalog.filter((record) => record.class === 'user mapping').map(({ name }) => `user mapping ${name}`);
  if (mappings.length === 0) return plan;
  const why = 'a drill talks to no other server';
  return {
    ...plan,
    decisions: plan.decisions.map((decision) =>
      decision.entry.description === 'USER MAPPING'
        ? { entry: decision.entry, action: 'skip', cause: 'forbidden', reason: why }
        : decision,
    ),
    forbidden: [...plan.forbidden, { what: `${mappings.length} user mappings`, why, explains: mappings }],
  };
}

interface Attempt {
  readonly backup: DrilledBackup;
  readonly look: TargetLook;
  readonly plan: RestorePlan;
}

/** Answers what broke the restore, if that came from the backup; throws what came from this machine. */
async function tryRestore(
  context: RunContext,
  frame: RunFrame,
  { backup: { archive, head }, look, plan }: Attempt,
): Promise<Awaited<ReturnType<typeof restoreDatabase>> | AppError> {
  try {
    const restored = await restoreDatabase(context, frame, look, { archive, head, plan, jobs: undefined });
    assertRoomForAll(restored.skipped);
    return restored;
  } catch (error) {
    if (context.signal.aborted || !(error instanceof AppError) || error.code !== 'restore_failed') throw error;
    const ofMachine = brokenByMachine(error);
    if (ofMachine !== undefined) throw ofMachine;
    return error;
  }
}

async function askDatabase(
  { databases }: RunContext,
  { connection }: ScratchTarget,
  catalog: readonly CatalogRecord[],
): Promise<RestoredFacts> {
  const session = await databases.connect(connection);
  try {
    return await readRestored(session, chooseSearchPath(indexCatalog(catalog)));
  } finally {
    await session.close();
  }
}

/** They are run where all else has been looked at: they may change what is there. */
async function runAssertions(
  { databases, signal }: RunContext,
  { connection }: ScratchTarget,
  { assertions, catalog }: DrilledBackup,
): Promise<DrillCheck[]> {
  if (assertions === undefined) return [];
  const session = await databases.connect(connection);
  try {
    const searchPath = chooseSearchPath(indexCatalog(catalog ?? []));
    await session.query("SELECT pg_catalog.set_config('search_path', $1, false)", [searchPath]);
    return [concludeCheck('assertions', judgeAssertions(await session.runScript(assertions)))];
  } catch (error) {
    signal.throwIfAborted();
    const sqlState = sqlStateOf(error);
    if (sqlState === undefined || sessionBrokenByMachine(error) !== undefined) throw error;
    const [failed, notChecked] = [[], [messageOf((error as AppError).cause)]];
    const findings = isOfMachine(sqlState) ? { failed, notChecked } : { failed: notChecked, notChecked: failed };
    return [concludeCheck('assertions', { detail: 'they did not come to their end', ...findings })];
  } finally {
    await session.close();
  }
}

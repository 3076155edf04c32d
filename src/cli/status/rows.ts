import { basename, dirname } from 'node:path';
import type { StatusTools } from '../../composition.ts';
import { loadStatusConfig, type StatusConfig } from '../../config/load-status.ts';
import { defaultProjectsDirectory, type LoadOptions } from '../../config/open.ts';
import type { Health } from '../../domain/health.ts';
import { AppError, messageOf } from '../../errors.ts';
import { readStanding, type Standing } from '../../pipeline/standing.ts';
import { findProblem } from '../../pipeline/status.ts';
import type { StateStore } from '../../state-store.ts';
import { findAgentProject, findNext, type NextRun, type Starters } from './next-runs.ts';

/** A line of the overview. */
export interface ProjectRow {
  /** As `--project` takes it. */
  readonly name: string;
  /** PROJECT_NAME; undefined when its configuration cannot be used. */
  readonly project: string | undefined;
  readonly health: Health;
  readonly reason: string | undefined;
  /** Undefined when nothing can be known of it. */
  readonly standing: Standing | undefined;
  readonly next: NextRun | undefined;
  /** What the agent that runs all the time is doing for it. */
  readonly active: { readonly kind: string; readonly startedAt: Date; readonly stage: string | undefined } | undefined;
  /** Why this is no good state, when a greatest age was asked for. */
  readonly problem: string | undefined;
  /** Why it is unusable. */
  readonly error: AppError | undefined;
}

export interface RowSources {
  readonly tools: StatusTools;
  readonly starters: Starters;
  readonly maxAgeMs: number | undefined;
}

/** How one project stands. What is in the way of that is told by the row, and is no reason to keep the others back. */
export async function readRow(name: string, configuration: LoadOptions, sources: RowSources): Promise<ProjectRow> {
  try {
    const { config } = await loadStatusConfig({ ...configuration, envFile: undefined, project: name });
    const state = sources.tools.openExistingState(config);
    try {
      return createRow(name, { config, state }, sources);
    } finally {
      state?.close();
    }
  } catch (error) {
    return createUnusableRow(name, error, sources.starters);
  }
}

/** A row of a project whose state is open. */
export function createRow(
  name: string,
  { config, state }: { readonly config: StatusConfig; readonly state: StateStore | undefined },
  { tools, starters, maxAgeMs }: RowSources,
): ProjectRow {
  const standing = readStanding({ config, clock: tools.clock, state });
  const known = findAgentProject(starters.agent, { name, project: config.project });
  // The agent has all that belongs to it; we may lack the secrets.
  const isUnusable = known !== undefined && known.problem !== null;
  return {
    name,
    project: config.project,
    health: isUnusable ? 'unusable' : standing.health,
    reason: isUnusable ? `The agent cannot use its file: ${known.problem}` : standing.reason,
    standing,
    next: findNext(name, known, starters.timers),
    active:
      known === undefined || known.running === null
        ? undefined
        : {
            kind: known.running.kind,
            startedAt: new Date(known.running.startedAt),
            stage: known.running.stage ?? undefined,
          },
    problem: findProblem(standing.ageMs, maxAgeMs),
    error: undefined,
  };
}

function createUnusableRow(name: string, error: unknown, { timers }: Starters): ProjectRow {
  return {
    name,
    project: undefined,
    health: 'unusable',
    reason: messageOf(error).replace(' Nothing was started.', ''),
    standing: undefined,
    next: findNext(name, undefined, timers),
    active: undefined,
    problem: undefined,
    error: error instanceof AppError ? error : new AppError('failed', messageOf(error), { hint: 'Look at what is named.' }),
  };
}

/** What a project is called that was not named: like its env file, if that lies where the others do. */
export function nameOf({ envFile, project }: StatusConfig, { project: named, projectsDirectory }: LoadOptions): string {
  if (named !== undefined) return named;
  const isThere = envFile !== undefined && dirname(envFile) === (projectsDirectory ?? defaultProjectsDirectory);
  return isThere && envFile.endsWith('.env') ? basename(envFile, '.env') : project;
}

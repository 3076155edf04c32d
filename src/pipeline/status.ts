import type { RunContext } from '../context.ts';
import type { RunRecord } from '../state-store.ts';
import { killedRun } from '../domain/killed-run.ts';
import { clockToleranceMs, describeAge } from '../domain/late.ts';

export interface StatusRequest {
  /** How old the newest complete backup may be; undefined when that is not asked. */
  readonly maxAgeMs: number | undefined;
  /** How many of the last runs to tell of. */
  readonly runs: number;
}

export interface StatusReport {
  readonly now: Date;
  /** The run that is going on right now. */
  readonly running: RunRecord | undefined;
  /** The newest run that has ended. */
  readonly lastRun: RunRecord | undefined;
  readonly lastComplete: RunRecord | undefined;
  /** The newest rehearsed restore that has ended, however it did; not one that a person has cancelled. */
  readonly lastDrill: RunRecord | undefined;
  /** Since the newest complete backup began. */
  readonly ageMs: number | undefined;
  /** Runs that failed after that, newest first; not those that a person has cancelled. */
  readonly failures: readonly RunRecord[];
  /** The last runs, newest first. */
  readonly runs: readonly RunRecord[];
  /** Why this is no good state, when a greatest age was asked for. */
  readonly problem: string | undefined;
}

/** More runs than a project makes in a year of hours. */
const historyLimit = 10_000;

export interface StatusSources extends Pick<RunContext, 'clock'> {
  /** Undefined where this machine knows nothing of the project yet. */
  readonly state: RunContext['state'] | undefined;
}

/** How the project's backups stand, from the run history of this machine alone: needs neither repository nor database. */
export function readStatus({ clock, state }: StatusSources, request: StatusRequest): StatusReport {
  const runs = state?.listRuns(historyLimit) ?? [];
  // Whoever asks for the lock holds it for a moment: so it is asked for only when a run has not told its end.
  const locked = runs.some(({ status }) => status === 'running') && state!.isLocked();
  return summarizeRuns(runs, { ...request, now: clock.now(), locked });
}

export interface SummaryRequest extends StatusRequest {
  readonly now: Date;
  /** Whether a run holds the project's lock. */
  readonly locked: boolean;
}

/** Takes the runs newest first. */
export function summarizeRuns(history: readonly RunRecord[], request: SummaryRequest): StatusReport {
  // Only the newest one can still be going on; others without an end were killed.
  const running = request.locked ? history.find(({ status }) => status === 'running') : undefined;
  const ended = history.filter((run) => run !== running).map(nameKilled);
  const lastComplete = ended.find(({ command, status }) => command === 'backup' && status === 'complete');
  const since = lastComplete === undefined ? ended : ended.slice(0, ended.indexOf(lastComplete));
  const ageMs = lastComplete === undefined ? undefined : request.now.getTime() - lastComplete.startedAt.getTime();
  return {
    now: request.now,
    running,
    lastRun: ended[0],
    lastComplete,
    lastDrill: ended.find(({ command, errorCode }) => command === 'drill' && errorCode !== 'cancelled'),
    ageMs,
    failures: since.filter(({ status, errorCode }) => status === 'failed' && errorCode !== 'cancelled'),
    runs: [...(running === undefined ? [] : [running]), ...ended].slice(0, request.runs),
    problem: findProblem(ageMs, request.maxAgeMs),
  };
}

/** What the next run will write into the history of a run that never told its end. */
export function nameKilled(run: RunRecord): RunRecord {
  return run.status === 'running' ? { ...run, ...killedRun } : run;
}

/** Why an age is not good; undefined when it is, or nothing was asked for. */
export function findProblem(ageMs: number | undefined, maxAgeMs: number | undefined): string | undefined {
  if (maxAgeMs === undefined) return undefined;
  if (ageMs === undefined) return 'There is no complete backup.';
  if (ageMs < -clockToleranceMs) return 'The newest complete backup lies in the future: the clock is or was wrong.';
  if (ageMs <= maxAgeMs) return undefined;
  return `The newest complete backup is ${describeAge(ageMs)} old; ${describeAge(maxAgeMs)} were allowed.`;
}

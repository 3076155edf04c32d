import { longestPauseMs, nextTime, previousTime } from '../domain/schedule/times.ts';
import type { JobPlan, ScheduledProject } from './project.ts';
import type { RunOutcome } from './run.ts';

/** Why a run is due. */
export type DueReason = 'schedule' | 'missed' | 'retry' | 'asked';

/** One kind of run of one project, and when it is due next. */
export interface Job {
  readonly plan: JobPlan | undefined;
  /** Infinity for what is off and not asked for. */
  readonly dueAtMs: number;
  readonly reason: DueReason;
  /** How often the last failed run was tried again so far. */
  readonly retries: number;
}

/** What the next time depends on, besides the schedule. */
export interface Moment {
  readonly nowMs: number;
  /** From 0 to 1: how much of the jitter it is this time. */
  readonly chance: number;
}

/** Waits for the next time of its schedule. */
export function planNext(plan: JobPlan | undefined, { nowMs, chance }: Moment): Job {
  if (plan === undefined) return { plan, dueAtMs: Infinity, reason: 'schedule', retries: 0 };
  const now = new Date(nowMs);
  const next = nextTime(plan.schedule, now).getTime();
  // Not into the one after it.
  const room = plan.jitterMs === 0 ? 0 : Math.min(plan.jitterMs, longestPauseMs(plan.schedule, now) / 2);
  return { plan, dueAtMs: next + Math.floor(room * chance), reason: 'schedule', retries: 0 };
}

/** As the agent starts: a run that was missed meanwhile is made up for, once. What has never run was not missed. */
export function planFirst(plan: JobPlan, lastRunAt: Date | undefined, moment: Moment): Job {
  const missed = lastRunAt !== undefined && lastRunAt < previousTime(plan.schedule, new Date(moment.nowMs));
  return missed ? { plan, dueAtMs: moment.nowMs, reason: 'missed', retries: 0 } : planNext(plan, moment);
}

/** After a run: again soon when it failed and that may help, unless the schedule comes first. */
export function planAfter(
  job: Job,
  outcome: RunOutcome,
  to: Moment & Pick<ScheduledProject, 'retryDelayMs' | 'retryLimit'>,
): Job {
  const next = planNext(job.plan, to);
  if (outcome.result !== 'failed' || !outcome.retryable || job.retries >= to.retryLimit) return next;
  const dueAtMs = to.nowMs + to.retryDelayMs;
  return dueAtMs < next.dueAtMs ? { ...next, dueAtMs, reason: 'retry', retries: job.retries + 1 } : next;
}

import type { Schedule } from './schedule/parse.ts';
import { nextTime, previousTime } from './schedule/times.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Clocks are set back by seconds now and then. */
export const clockToleranceMs = 5 * minuteMs;

export interface LatenessFacts {
  readonly now: Date;
  /** What is waited for, as a sentence names it: `backup`, `backup of Storage`. */
  readonly name?: string;
  /** When the newest complete one began. */
  readonly lastComplete: Date | undefined;
  /** When this machine first knew of the project: from then on a first backup is waited for. */
  readonly firstSeen: Date;
  /** When they are made; undefined where nothing says: then it is once a day. */
  readonly schedule: Schedule | undefined;
  /** LATE_AFTER in milliseconds; what the schedule allows unless set. */
  readonly lateAfterMs: number | undefined;
}

export interface Lateness {
  readonly late: boolean;
  /** One sentence without a full stop. */
  readonly reason: string;
  /** The moment from which it is late, if nothing comes before. */
  readonly from: Date;
}

/** Whether a backup should be there by now, whatever has kept it: a failure, a dead agent, a machine that was off. */
export function judgeLateness(facts: LatenessFacts): Lateness {
  const { now, name = 'backup', lastComplete, firstSeen, schedule, lateAfterMs } = facts;
  const since = lastComplete ?? firstSeen;
  const ageMs = now.getTime() - since.getTime();
  const allowedMs = lateAfterMs ?? allowedBy(schedule, since);
  const from = new Date(since.getTime() + allowedMs);
  if (ageMs < -clockToleranceMs) {
    const what = lastComplete === undefined ? 'the day on which this machine first knew of it' : `the newest complete ${name}`;
    return { late: true, reason: `${what} lies in the future: the clock is or was wrong`, from };
  }
  const late = ageMs > allowedMs;
  const allowed = `${describeAge(allowedMs)} are allowed`;
  if (lastComplete !== undefined)
    return { late, reason: `the newest complete ${name} is ${describeAge(ageMs)} old, ${allowed}`, from };
  return {
    late,
    reason: `there is no complete ${name} yet, ${describeAge(ageMs)} after this machine first knew of it, ${allowed}`,
    from,
  };
}

/**
 * Twice the interval, in milliseconds: where that is not even, the two pauses that follow the time of the schedule which a backup
 * belongs to. Ages are compared with it and not moments, so that it does no harm when a timer runs at other hours of the day.
 */
export function allowedBy(schedule: Schedule | undefined, since: Date): number {
  if (schedule === undefined) return 2 * dayMs;
  const time = previousTime(schedule, since);
  return nextTime(schedule, nextTime(schedule, time)).getTime() - time.getTime();
}

/** From milliseconds: `1 minute`, `95 minutes`, `26.5 hours`, `14.0 days`. */
export function describeAge(ms: number): string {
  const minutes = Math.round(Math.max(ms, 0) / minuteMs);
  if (ms < 3 * hourMs) return minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return ms < 5 * dayMs ? `${(ms / hourMs).toFixed(1)} hours` : `${(ms / dayMs).toFixed(1)} days`;
}

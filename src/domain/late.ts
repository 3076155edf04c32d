const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Clocks are set back by seconds now and then. */
export const clockToleranceMs = 5 * minuteMs;

export interface LatenessFacts {
  readonly now: Date;
  /** When the newest complete backup began. */
  readonly lastComplete: Date | undefined;
  /** When this machine first knew of the project: from then on a first backup is waited for. */
  readonly firstSeen: Date;
  /** Milliseconds between two backups, where that is known; a day unless given. */
  readonly intervalMs?: number;
  /** LATE_AFTER in milliseconds; twice the interval unless set. */
  readonly lateAfterMs: number | undefined;
}

export interface Lateness {
  readonly late: boolean;
  /** One sentence without a full stop. */
  readonly reason: string;
}

/** Whether a backup should be there by now, whatever has kept it: a failure, a dead agent, a machine that was off. */
export function judgeLateness({ now, lastComplete, firstSeen, intervalMs = dayMs, lateAfterMs }: LatenessFacts): Lateness {
  const allowedMs = lateAfterMs ?? 2 * intervalMs;
  const ageMs = now.getTime() - (lastComplete ?? firstSeen).getTime();
  const late = ageMs > allowedMs;
  const allowed = `${describeAge(allowedMs)} are allowed`;
  if (ageMs < -clockToleranceMs)
    return { late: true, reason: `${describe(lastComplete)} lies in the future: the clock is or was wrong` };
  if (lastComplete !== undefined)
    return { late, reason: `the newest complete backup is ${describeAge(ageMs)} old, ${allowed}` };
  return {
    late,
    reason: `there is no complete backup yet, ${describeAge(ageMs)} after this machine first knew of it, ${allowed}`,
  };
}

function describe(lastComplete: Date | undefined): string {
  return lastComplete === undefined ? 'the day on which this machine first knew of it' : 'the newest complete backup';
}

/** From milliseconds: `95 minutes`, `26.5 hours`. */
export function describeAge(ms: number): string {
  return ms < 3 * hourMs ? `${Math.round(Math.max(ms, 0) / minuteMs)} minutes` : `${(ms / hourMs).toFixed(1)} hours`;
}

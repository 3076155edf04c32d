import type { RunContext } from '../context.ts';
import { judgeLateness, type Lateness } from '../domain/late.ts';
import { messageOf } from '../errors.ts';
import type { Delivery } from '../notifier.ts';
import { createAlert, findLastComplete, tell } from './tell.ts';

export interface LatenessReport extends Lateness {
  readonly deliveries: readonly Delivery[];
}

/** More runs than a project makes in a year of hours. */
const historyLimit = 10_000;

/**
 * Whether the newest complete backup is too old, from the run history alone, so that it also sees what no run can tell. Tells of it once, and
 * once when it is over.
 */
export async function checkLateness(context: RunContext): Promise<LatenessReport> {
  const now = context.clock.now();
  const lastComplete = context.state.newestRun('backup', ['complete'])?.startedAt;
  const firstSeen = findFirstSeen(context, now);
  const { late, reason } = judgeLateness({ now, lastComplete, firstSeen, lateAfterMs: context.config.alerts.lateAfterMs });
  const wasTold = context.state.fact('late_told_at') !== undefined;
  if (late === wasTold) return { late, reason, deliveries: [] };
  const about = { reason: `${reason[0]!.toUpperCase()}${reason.slice(1)}.`, lastComplete: findLastComplete(context.state) };
  const deliveries = await tell(context, createAlert(context, [late ? 'late' : 'recovered'], about));
  // If nobody has heard of it, the next check tells it again.
  const isHeard = deliveries.length === 0 || deliveries.some(({ error }) => error === undefined);
  if (isHeard) note(context, 'late_told_at', late ? now.toISOString() : undefined);
  return { late, reason, deliveries };
}

/** The same on the way of another run, which it does not hold up. */
export async function noticeLateness(context: RunContext): Promise<void> {
  try {
    await checkLateness(context);
  } catch (error) {
    context.log.warn({ reason: messageOf(error) }, 'whether a backup is late could not be found out');
  }
}

/** When its first run began, as far as the history goes back, or it was first asked for: noted then. */
function findFirstSeen(context: RunContext, now: Date): Date {
  const seen = context.state.fact('first_seen_at');
  if (seen !== undefined) return new Date(seen);
  const first = context.state.listRuns(historyLimit).at(-1)?.startedAt ?? now;
  note(context, 'first_seen_at', first.toISOString());
  return first;
}

/** A disk that is full is no reason to say nothing. */
function note(context: RunContext, fact: 'first_seen_at' | 'late_told_at', value: string | undefined): void {
  try {
    context.state.noteFact(fact, value);
  } catch (error) {
    context.log.warn({ reason: messageOf(error) }, 'the state of alerts could not be written');
  }
}

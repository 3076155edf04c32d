import type { RunContext } from '../context.ts';
import { expectBackups, findFirstSeen, judgeProject } from '../domain/expected-backups.ts';
import type { Lateness } from '../domain/late.ts';
import { messageOf } from '../errors.ts';
import type { AlertFact, Delivery } from '../notifier.ts';
import { createAlert, findLastComplete, tell } from './tell.ts';

export interface LatenessReport extends Pick<Lateness, 'late' | 'reason'> {
  readonly deliveries: readonly Delivery[];
}

/**
 * Whether the newest complete backup is too old, from the run history alone, so that it also sees what no run can tell. Tells of it once, and
 * once when it is over.
 */
export async function checkLateness(context: RunContext): Promise<LatenessReport> {
  const now = context.clock.now();
  noteFirstSeen(context, now);
  const { late, reason } = findLateness(context);
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

/** What lateness is judged by. */
export interface LatenessSources extends Pick<RunContext, 'clock' | 'state'> {
  readonly config: Parameters<typeof expectBackups>[0];
}

/** The same without telling of it, and without noting anything. */
export function findLateness({ config, state, clock }: LatenessSources): Lateness {
  return judgeProject(expectBackups(config), state, clock.now());
}

/** A first backup is waited for from then on. */
function noteFirstSeen(context: RunContext, now: Date): void {
  const { state, config } = context;
  if (state.fact('first_seen_at') === undefined) note(context, 'first_seen_at', (findFirstSeen(state) ?? now).toISOString());
  // It may be asked for later than the rest: that it is not there then is no delay.
  if (expectBackups(config).storageSchedule !== undefined && state.fact('storage_seen_at') === undefined)
    note(context, 'storage_seen_at', now.toISOString());
}

/** Whether it was told that a backup is late, and now that one has ended none is. What cannot be found out is left to the next check. */
export function isLateNoMore(context: RunContext): boolean {
  try {
    return context.state.fact('late_told_at') !== undefined && !findLateness(context).late;
  } catch {
    return false;
  }
}

/** A disk that is full is no reason to say nothing. */
function note(context: RunContext, fact: AlertFact, value: string | undefined): void {
  try {
    context.state.noteFact(fact, value);
  } catch (error) {
    context.log.warn({ reason: messageOf(error) }, 'the state of alerts could not be written');
  }
}

import type { RunContext } from '../context.ts';
import type { RunRecord } from '../state-store.ts';
import { describeServiceEnd, hasToldItsEnd, type ServiceEnd } from '../domain/alerts/service-end.ts';
import type { Delivery } from '../notifier.ts';
import { createAlert, findLastComplete, tell } from './tell.ts';

export interface FailureNotice {
  /** Whether the run has told of its end by itself. */
  readonly alreadyTold: boolean;
  readonly reason: string;
  readonly deliveries: readonly Delivery[];
}

const hint =
  'See the log of the unit (journalctl -u UNIT), and `agent status`. The next run clears up what a killed one has left.';

/**
 * Tells of a unit of systemd that failed, unless its run has told that by itself: one that was killed cannot, and one whose
 * configuration could not be read or that never began could not either.
 */
export async function notifyFailure(context: RunContext, end: ServiceEnd): Promise<FailureNotice> {
  const [newest] = context.state.listRuns(1);
  const killed = newest?.status === 'running' && !context.state.isLocked();
  const reason = describeServiceEnd(end);
  const now = context.clock.now();
  const told = parseTold(context.state.fact('told_invocation'), now);
  const sinceBadEndMs = sinceBadEnd(newest, now);
  if (hasToldItsEnd({ end, killed, told, sinceBadEndMs })) return { alreadyTold: true, reason, deliveries: [] };
  const run = killed ? { ...newest, status: 'failed' as const, durationMs: undefined, exitCode: undefined } : undefined;
  const error = { code: 'failed', message: `${reason} Earlier backups are as they were.`, hint };
  const alert = createAlert(context, ['failure'], { run, error, lastComplete: findLastComplete(context.state) });
  return { alreadyTold: false, reason, deliveries: await tell(context, alert) };
}

/** As `withAlerts` notes it. */
function parseTold(fact: string | undefined, now: Date): { invocationId: string; agoMs: number } | undefined {
  const [invocationId, at] = fact?.split(' ') ?? [];
  if (invocationId === undefined || at === undefined) return undefined;
  return { invocationId, agoMs: now.getTime() - new Date(at).getTime() };
}

function sinceBadEnd(run: RunRecord | undefined, now: Date): number | undefined {
  if (run === undefined || run.status === 'complete' || run.status === 'running') return undefined;
  return now.getTime() - run.startedAt.getTime() - (run.durationMs ?? 0);
}

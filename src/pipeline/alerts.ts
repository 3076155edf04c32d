import type { RunContext } from '../context.ts';
import type { Alert, AlertedRun } from '../domain/alerts/alert.ts';
import { eventsOfEnd } from '../domain/alerts/choose.ts';
import type { Coverage } from '../domain/coverage.ts';
import { exitCodeForStatus, exitCodes, type RunStatus } from '../domain/exit-code.ts';
import { AppError, messageOf } from '../errors.ts';
import { isLateNoMore } from './check-lateness.ts';
import { isCancelled } from './run.ts';
import { createAlert, describeError, findLastComplete, tell, type EarlyTellContext } from './tell.ts';

export type AlertedCommand = 'backup' | 'verify' | 'drill';

interface AlertedResult {
  readonly status: RunStatus;
  readonly warnings: readonly string[];
  readonly backupId?: string;
  readonly coverage?: readonly Coverage[];
}

/**
 * Tells those who want to know (NOTIFY_...) that a run begins and how it ends, whatever happens to it: only a killed one cannot
 * tell (`agent notify-failure` does). What does not arrive is a warning; the run ends as it would have.
 */
export async function withAlerts<Result extends AlertedResult>(
  context: RunContext,
  command: AlertedCommand,
  work: () => Promise<Result>,
): Promise<Result> {
  const startedMs = context.clock.monotonicMs();
  const run: AlertedRun = { ...nothingYet, command, startedAt: context.clock.now() };
  const before = lookBack(context, command);
  // Not waited for: a monitor that does not answer holds up no backup. Who interrupts a run at a terminal leaves no check open.
  const begun =
    before.locked || context.invocation.attended ? undefined : tell(context, createAlert(context, ['start'], { run }));
  const ended = (status: RunStatus): AlertedRun => {
    return { ...run, status, durationMs: Math.round(context.clock.monotonicMs() - startedMs) };
  };
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await begun;
    await tellFailure(context, { error, run: ended('failed'), lastComplete: before.lastComplete });
    noteTold(context, 'failed', { inTime: false });
    throw error;
  }
  await begun;
  const { status, backupId, coverage = [] } = result;
  const inTime = command === 'backup' && status === 'complete' && isLateNoMore(context);
  const deliveries = await tell(
    context,
    createAlert(context, eventsOfEnd(status, before.troubled || inTime), {
      run: { ...ended(status), backupId, exitCode: exitCodeForStatus(status) },
      notCaptured: coverage.filter(({ state }) => state === 'not readable').map(({ component }) => component),
      lastComplete: before.lastComplete,
    }),
  );
  noteTold(context, status, { inTime });
  const failed = deliveries.filter(({ error }) => error !== undefined);
  const warnings = failed.map(({ kind, error }) => `nobody was told by ${kind}: ${error}`);
  return { ...result, warnings: [...result.warnings, ...warnings] };
}

const nothingYet = { status: undefined, backupId: undefined, durationMs: undefined, exitCode: undefined };

/** Tells of a run that failed before there was a run history to look into. */
export async function tellEarlyFailure(context: EarlyTellContext, command: AlertedCommand, error: unknown): Promise<void> {
  const run = { ...nothingYet, command, status: 'failed' as const, startedAt: context.clock.now() };
  await tellFailure(context, { error, run, lastComplete: undefined });
}

async function tellFailure(
  context: EarlyTellContext,
  {
    error,
    run,
    lastComplete,
  }: { readonly error: unknown; readonly run: AlertedRun; readonly lastComplete: Alert['lastComplete'] },
): Promise<void> {
  if (!isNews(context, error)) return;
  const exitCode = error instanceof AppError ? error.exitCode : exitCodes.failed;
  await tell(
    context,
    createAlert(context, ['failure'], { run: { ...run, exitCode }, error: describeError(error), lastComplete }),
  );
}

/** The run that holds the lock tells its own end. Somebody has cancelled it himself, or interrupted it at a terminal, or mistyped an option. */
function isNews({ signal, invocation }: Pick<RunContext, 'signal' | 'invocation'>, error: unknown): boolean {
  if (isCancelled({ signal }) || (error instanceof AppError && error.code === 'locked')) return false;
  if (!invocation.attended) return true;
  const timedOut = error instanceof AppError && error.code === 'timed_out';
  const mistyped = error instanceof AppError && error.exitCode === exitCodes.usage;
  return timedOut || (!signal.aborted && !mistyped);
}

interface Before {
  /** Whether the run before did not end well. */
  readonly troubled: boolean;
  readonly locked: boolean;
  readonly lastComplete: Alert['lastComplete'];
}

function lookBack(context: RunContext, command: AlertedCommand): Before {
  try {
    const previous = context.state.newestRun(command);
    return {
      troubled: previous !== undefined && previous.status !== 'complete',
      // Asked only where it matters: whoever asks holds the lock for a moment.
      locked: context.notifier.kinds.includes('ping') && context.state.isLocked(),
      lastComplete: findLastComplete(context.state),
    };
  } catch (error) {
    context.log.warn({ reason: messageOf(error) }, 'the run history could not be read');
    return { troubled: false, locked: false, lastComplete: undefined };
  }
}

/** For `agent notify-failure` and `agent status --check`, which would tell it again. `inTime`: that a backup was late is over. */
function noteTold(context: RunContext, status: RunStatus, { inTime }: { readonly inTime: boolean }): void {
  try {
    const { id } = context.invocation;
    const told = status === 'complete' ? undefined : `${id} ${context.clock.now().toISOString()}`;
    if (id !== undefined) context.state.noteFact('told_invocation', told);
    if (inTime) context.state.noteFact('late_told_at', undefined);
  } catch (error) {
    context.log.warn({ reason: messageOf(error) }, 'what was told could not be noted');
  }
}

import { randomUUID } from 'node:crypto';
import type { RunContext } from '../context.ts';
import type { StateStore } from '../state-store.ts';
import type { Alert, MessageEvent } from '../domain/alerts/alert.ts';
import { AppError } from '../errors.ts';
import type { Delivery } from '../notifier.ts';

/** What an alert is made from and sent with: all but the state, which may be what is broken. */
export type TellContext = Pick<RunContext, 'hostname' | 'agentVersion' | 'clock' | 'notifier' | 'log'> & {
  readonly config: Pick<RunContext['config'], 'project'>;
};

/** The same before there is a run, or a configuration that could be used. */
export type EarlyTellContext = TellContext & Pick<RunContext, 'signal' | 'invocation'>;

/** An alert of this project, now. */
export function createAlert(context: TellContext, events: readonly MessageEvent[], about: Partial<Alert>): Alert {
  return {
    id: randomUUID(),
    events,
    project: context.config.project,
    hostname: context.hostname,
    agentVersion: context.agentVersion,
    at: context.clock.now(),
    run: undefined,
    error: undefined,
    reason: undefined,
    notCaptured: [],
    lastComplete: undefined,
    ...about,
  };
}

/** Sends it; what did not arrive becomes a warning of the log, and nothing else. */
export async function tell(context: TellContext, alert: Alert): Promise<readonly Delivery[]> {
  const deliveries = await context.notifier.send(alert);
  for (const { kind, event, error } of deliveries) {
    if (error === undefined) context.log.info({ kind, event }, 'alert sent');
    else context.log.warn({ kind, event, reason: error }, 'an alert did not arrive');
  }
  return deliveries;
}

/** What leaves the machine of an error. A defect's message was made by nobody who thought of secrets. */
export function describeError(error: unknown): NonNullable<Alert['error']> {
  if (error instanceof AppError) return { code: error.code, message: error.message, hint: error.hint };
  const message = 'An unexpected error, which is a defect of the agent. Earlier backups are as they were.';
  return { code: 'failed', message, hint: 'What it says stands in the log of the run on that machine.' };
}

/** The newest complete backup of the run history, for an alert. */
export function findLastComplete(state: Pick<StateStore, 'newestRun'>): Alert['lastComplete'] {
  const last = state.newestRun('backup', ['complete']);
  return last?.backupId === undefined ? undefined : { backupId: last.backupId, startedAt: last.startedAt };
}

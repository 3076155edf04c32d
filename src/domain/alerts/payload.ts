import type { Alert, MessageEvent } from './alert.ts';
import { textOf, titleOf } from './text.ts';

/** What a webhook gets, as a JSON document. A contract (docs/alerts.md): fields are added, never renamed or removed. */
export function toPayload(alert: Alert, event: MessageEvent): object {
  const { run, error, lastComplete } = alert;
  return {
    schemaVersion: 1,
    id: alert.id,
    event,
    project: alert.project,
    host: alert.hostname,
    agentVersion: alert.agentVersion,
    at: alert.at.toISOString(),
    title: titleOf(alert, event),
    text: textOf(alert, event),
    run:
      run === undefined
        ? null
        : {
            command: run.command,
            status: run.status ?? null,
            backupId: run.backupId ?? null,
            startedAt: run.startedAt.toISOString(),
            durationMs: run.durationMs ?? null,
            exitCode: run.exitCode ?? null,
          },
    error: error === undefined ? null : { code: error.code, message: error.message, hint: error.hint },
    reason: alert.reason ?? null,
    notCaptured: alert.notCaptured,
    lastComplete:
      lastComplete === undefined ? null : { backupId: lastComplete.backupId, startedAt: lastComplete.startedAt.toISOString() },
  };
}

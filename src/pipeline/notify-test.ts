import type { RunContext } from '../context.ts';
import type { AlertKind } from '../domain/alerts/alert.ts';
import { AppError } from '../errors.ts';
import type { Delivery } from '../notifier.ts';
import { createAlert } from './tell.ts';

/** Sends a test over each way that is configured, or over one. Throws AppError configuration where there is none. */
export async function notifyTest(context: RunContext, kind: AlertKind | undefined): Promise<readonly Delivery[]> {
  const { kinds } = context.notifier;
  if (kind === undefined ? kinds.length === 0 : !kinds.includes(kind)) {
    const what = kind === undefined ? 'Nobody is told of anything' : `Nobody is told of anything by ${kind}`;
    throw new AppError('configuration', `${what}: that is not configured. Nothing was sent.`, {
      hint: 'Set NOTIFY_WEBHOOK_URL, NOTIFY_PING_URL, NOTIFY_SMTP_URL, NOTIFY_NTFY_URL or NOTIFY_SLACK_URL (docs/alerts.md).',
    });
  }
  return context.notifier.send(createAlert(context, ['test'], {}), kind);
}

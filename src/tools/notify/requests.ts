import { createHmac } from 'node:crypto';
import type { AlertTarget } from '../../config/project-config.ts';
import type { Alert, MessageEvent } from '../../domain/alerts/alert.ts';
import { toPayload } from '../../domain/alerts/payload.ts';
import { textOf, titleOf } from '../../domain/alerts/text.ts';

export interface NotifyRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type HttpTarget = Exclude<AlertTarget, { kind: 'email' }>;

const jsonHeaders = { 'content-type': 'application/json' };
const textHeaders = { 'content-type': 'text/plain; charset=utf-8' };

/** What is posted to one of the targets that speak HTTP. `now` goes into the signature of a webhook. */
export function buildRequest(target: HttpTarget, alert: Alert, event: MessageEvent, now: Date): NotifyRequest {
  const url = target.url.reveal();
  const body = textOf(alert, event);
  if (target.kind === 'ping') return { url: pingUrl(url, alert, event), headers: textHeaders, body };
  if (target.kind === 'ntfy') return { url, headers: ntfyHeaders(target.token?.reveal(), alert, event), body };
  if (target.kind === 'slack') {
    const text = `*${escapeSlack(titleOf(alert, event))}*\n${escapeSlack(body)}`;
    return { url, headers: jsonHeaders, body: JSON.stringify({ text }) };
  }
  const json = JSON.stringify(toPayload(alert, event));
  return { url, headers: { ...jsonHeaders, ...signatureHeader(target.secret?.reveal(), json, now) }, body: json };
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 over "SECONDS.BODY", so that nobody can send an old message again as a new one. */
function signatureHeader(secret: string | undefined, body: string, now: Date): Record<string, string> {
  if (secret === undefined) return {};
  const seconds = Math.floor(now.getTime() / 1000);
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return { 'x-backup-signature': `t=${seconds},v1=${signature}` };
}

/** The endpoints of Healthchecks (https://healthchecks.io/docs/http_api/): below the check's own URL, before its query. */
function pingUrl(url: string, { run }: Alert, event: MessageEvent): string {
  const address = new URL(url);
  address.pathname = address.pathname.replace(/\/+$/, '') + pingPath(event, run?.exitCode);
  return address.href;
}

function pingPath(event: MessageEvent, exitCode: number | undefined): string {
  if (event === 'start') return '/start';
  // Noted there without changing the state of the check.
  if (event === 'test') return '/log';
  if (event === 'failure' || event === 'incomplete') return `/${exitCode ?? 1}`;
  return '';
}

/** Headers of https://docs.ntfy.sh/publish/. */
function ntfyHeaders(token: string | undefined, alert: Alert, event: MessageEvent): Record<string, string> {
  const isBad = event === 'failure' || event === 'late';
  return {
    ...textHeaders,
    title: titleOf(alert, event),
    priority: isBad ? 'high' : 'default',
    tags: isBad ? 'rotating_light' : event === 'incomplete' ? 'warning' : 'white_check_mark',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

/** https://docs.slack.dev/messaging/formatting-message-text/: these three have a meaning there. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

import type { AlertTarget } from '../../config/project-config.ts';
import type { Alert, MessageEvent } from '../../domain/alerts/alert.ts';
import { textOf, titleOf } from '../../domain/alerts/text.ts';
import { messageOf } from '../../errors.ts';
import { fromSocketError, NotifyError } from './notify-error.ts';

type EmailTarget = Extract<AlertTarget, { kind: 'email' }>;

interface Email {
  readonly alert: Alert;
  readonly event: MessageEvent;
  readonly limitMs: number;
}

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/** Sends one mail and answers the server's code, `SMTP 250`. Throws NotifyError. */
export async function sendEmail(target: EmailTarget, { alert, event, limitMs }: Email): Promise<string> {
  // Takes time and memory that other runs have no use for.
  const { createTransport } = await import('nodemailer');
  const url = new URL(target.url.reveal());
  const secure = url.protocol === 'smtps:';
  const auth =
    url.username === '' ? undefined : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  const transport = createTransport({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    // A password is not said to whoever cuts STARTTLS out of what the server offers.
    requireTLS: !secure && auth !== undefined && !loopback.includes(url.hostname),
    ...(auth === undefined ? {} : { auth }),
    connectionTimeout: limitMs,
    greetingTimeout: limitMs,
    dnsTimeout: limitMs,
    socketTimeout: limitMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const sent = (await transport.sendMail({
      from: target.from,
      to: [...target.to],
      subject: titleOf(alert, event),
      text: `${textOf(alert, event)}\n`,
      messageId: `<${alert.id}@supabase-backup-agent>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    })) as { readonly response: string };
    return `SMTP ${sent.response.slice(0, 3)}`;
  } catch (error) {
    throw toNotifyError(error);
  } finally {
    transport.close();
  }
}

/** Nodemailer's codes (https://nodemailer.com/usage/#error-codes); its messages quote what the server said. */
function toNotifyError(error: unknown): NotifyError {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  const answered = responseCode === undefined ? '' : ` (${responseCode})`;
  const passing = responseCode === undefined || responseCode < 500;
  if (code === 'EAUTH') return new NotifyError(`the server refused user or password${answered}`, passing && answered !== '');
  if (code === 'EENVELOPE') return new NotifyError(`the server refused a sender or recipient${answered}`, passing);
  if (code === 'ETLS') return new NotifyError(`the server offers no encryption that can be used${answered}`, false);
  if (responseCode !== undefined) return new NotifyError(`the server answered ${responseCode}`, passing);
  // Its own codes have taken the place of the system's, which stand in the message.
  const systemCode = /\bE[A-Z]{4,}\b/.exec(messageOf(error))?.[0];
  if (/certificate/i.test(messageOf(error))) return new NotifyError("the server's certificate is not trusted", false);
  return fromSocketError(systemCode === undefined ? error : { code: systemCode });
}

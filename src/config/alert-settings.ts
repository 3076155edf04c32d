import { z } from 'zod';
import { alertEvents, type AlertEvent } from '../domain/alerts/alert.ts';
import { alertVariables } from './alert-variables.ts';
import { parseDuration } from './duration.ts';
import type { Problems } from './problems.ts';
import { Secret, type AlertConfig, type AlertTarget } from './project-config.ts';

const events = z.string().transform((value, context): readonly AlertEvent[] => {
  const names = splitList(value);
  if (names.length > 0 && names.every(isEvent)) return names;
  context.addIssue({ code: 'custom', message: `has to be a list of ${alertEvents.join(', ')}, with commas between` });
  return z.NEVER;
});

const webUrl = z
  .string()
  .refine(
    (value) => ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? ''),
    'has to be a URL that begins with https:// or http://',
  );

const smtpUrl = z.string().refine((value) => {
  const url = URL.parse(value);
  return url !== null && ['smtp:', 'smtps:'].includes(url.protocol) && url.hostname !== '' && canBeDecoded(url);
}, 'has to look like smtps://USER:PASSWORD@HOST:465 or smtp://USER:PASSWORD@HOST:587, with special characters percent-encoded');

const address = /^[^\s@,<>]+@[^\s@,<>]+$|^[^@,<>\r\n]*<[^\s@,<>]+@[^\s@,<>]+>$/;

const sender = z.string().refine((value) => address.test(value), 'has to be an address, such as backup@example.com');

const recipients = z.string().transform((value, context): readonly string[] => {
  const all = splitList(value);
  if (all.length > 0 && all.every((one) => address.test(one))) return all;
  context.addIssue({ code: 'custom', message: 'has to be one or more addresses, with commas between' });
  return z.NEVER;
});

const age = z.string().transform((value, context): number => {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'has to be a number with a unit, such as 26h, 90m or 2d' });
  return z.NEVER;
});

function describe<Schema extends z.ZodType>(name: keyof typeof alertVariables, schema: Schema): Schema {
  return schema.describe(alertVariables[name].description);
}

/** The fields of alerts, for the schema of a project. */
export const alertFields = {
  NOTIFY_ON: describe('NOTIFY_ON', events.prefault(alertVariables.NOTIFY_ON.defaultValue)),
  NOTIFY_WEBHOOK_URL: describe('NOTIFY_WEBHOOK_URL', webUrl.optional()),
  NOTIFY_WEBHOOK_SECRET: describe('NOTIFY_WEBHOOK_SECRET', z.string().optional()),
  NOTIFY_ON_WEBHOOK: describe('NOTIFY_ON_WEBHOOK', events.optional()),
  NOTIFY_PING_URL: describe('NOTIFY_PING_URL', webUrl.optional()),
  NOTIFY_SMTP_URL: describe('NOTIFY_SMTP_URL', smtpUrl.optional()),
  NOTIFY_EMAIL_FROM: describe('NOTIFY_EMAIL_FROM', sender.optional()),
  NOTIFY_EMAIL_TO: describe('NOTIFY_EMAIL_TO', recipients.optional()),
  NOTIFY_ON_EMAIL: describe('NOTIFY_ON_EMAIL', events.optional()),
  NOTIFY_NTFY_URL: describe('NOTIFY_NTFY_URL', webUrl.optional()),
  NOTIFY_NTFY_TOKEN: describe(
    'NOTIFY_NTFY_TOKEN',
    z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'has to be one word')
      .optional(),
  ),
  NOTIFY_ON_NTFY: describe('NOTIFY_ON_NTFY', events.optional()),
  NOTIFY_SLACK_URL: describe('NOTIFY_SLACK_URL', webUrl.optional()),
  NOTIFY_ON_SLACK: describe('NOTIFY_ON_SLACK', events.optional()),
  LATE_AFTER: describe('LATE_AFTER', age.optional()),
};

type AlertSettings = z.output<z.ZodObject<typeof alertFields>>;

/** What a variable is of no use without: an alert that nobody gets is worse than an error. */
const needs = [
  ['NOTIFY_WEBHOOK_SECRET', 'NOTIFY_WEBHOOK_URL'],
  ['NOTIFY_ON_WEBHOOK', 'NOTIFY_WEBHOOK_URL'],
  ['NOTIFY_SMTP_URL', 'NOTIFY_EMAIL_FROM'],
  ['NOTIFY_SMTP_URL', 'NOTIFY_EMAIL_TO'],
  ['NOTIFY_EMAIL_FROM', 'NOTIFY_SMTP_URL'],
  ['NOTIFY_EMAIL_TO', 'NOTIFY_SMTP_URL'],
  ['NOTIFY_ON_EMAIL', 'NOTIFY_SMTP_URL'],
  ['NOTIFY_NTFY_TOKEN', 'NOTIFY_NTFY_URL'],
  ['NOTIFY_ON_NTFY', 'NOTIFY_NTFY_URL'],
  ['NOTIFY_ON_SLACK', 'NOTIFY_SLACK_URL'],
] as const;

/** Adds to the problems what is set and cannot do anything. */
export function findAlertProblems(settings: AlertSettings, problems: Pick<Problems, 'add'>): void {
  for (const [name, needed] of needs) {
    if (settings[name] !== undefined && settings[needed] === undefined) problems.add(name, `needs ${needed} too`);
  }
}

/** Takes settings that `findAlertProblems` has found nothing wrong with. */
export function toAlertConfig(settings: AlertSettings): AlertConfig {
  const { NOTIFY_ON: on, NOTIFY_EMAIL_FROM: from, NOTIFY_EMAIL_TO: to } = settings;
  const webhook = toSecret(settings.NOTIFY_WEBHOOK_URL);
  const ping = toSecret(settings.NOTIFY_PING_URL);
  const email = toSecret(settings.NOTIFY_SMTP_URL);
  const ntfy = toSecret(settings.NOTIFY_NTFY_URL);
  const slack = toSecret(settings.NOTIFY_SLACK_URL);
  const secret = toSecret(settings.NOTIFY_WEBHOOK_SECRET);
  const token = toSecret(settings.NOTIFY_NTFY_TOKEN);
  const targets: (AlertTarget | undefined)[] = [
    webhook && { kind: 'webhook', url: webhook, secret, on: settings.NOTIFY_ON_WEBHOOK ?? on },
    ping && { kind: 'ping', url: ping, on },
    email && { kind: 'email', url: email, from: from!, to: to!, on: settings.NOTIFY_ON_EMAIL ?? on },
    ntfy && { kind: 'ntfy', url: ntfy, token, on: settings.NOTIFY_ON_NTFY ?? on },
    slack && { kind: 'slack', url: slack, on: settings.NOTIFY_ON_SLACK ?? on },
  ];
  return { targets: targets.filter((target) => target !== undefined), lateAfterMs: settings.LATE_AFTER };
}

function toSecret(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value);
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function isEvent(name: string): name is AlertEvent {
  return (alertEvents as readonly string[]).includes(name);
}

function canBeDecoded({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

import { expect, test } from 'vitest';
import { z } from 'zod';
import { alertFields, findAlertProblems, toAlertConfig } from '../../../src/config/alert-settings.ts';
import type { AlertConfig } from '../../../src/config/project-config.ts';
import { parseDuration } from '../../../src/config/duration.ts';

const schema = z.object(alertFields);

function load(values: Readonly<Record<string, string>>): { problems: string[]; config: AlertConfig | undefined } {
  const result = schema.safeParse(values);
  const problems = (result.error?.issues ?? []).map(({ path, message }) => `${String(path[0])} ${message}`);
  if (result.data !== undefined) findAlertProblems(result.data, { add: (name, text) => problems.push(`${name} ${text}`) });
  return { problems, config: problems.length === 0 ? toAlertConfig(result.data!) : undefined };
}

test('nobody is told unless a way is configured', () => {
  expect(load({})).toEqual({ problems: [], config: { targets: [], lateAfterMs: undefined } });
});

test('every way, with what it is told of; URLs, keys and tokens never print', () => {
  const { config } = load({
    NOTIFY_WEBHOOK_URL: 'https://example.com/canary',
    NOTIFY_WEBHOOK_SECRET: 'canary-secret',
    NOTIFY_PING_URL: 'https://hc-ping.com/canary',
    NOTIFY_SMTP_URL: 'smtps://me:canary@mail.example.com',
    NOTIFY_EMAIL_FROM: 'Backups <backup@example.com>',
    NOTIFY_EMAIL_TO: 'a@example.com, b@example.com',
    NOTIFY_NTFY_URL: 'https://ntfy.sh/canary',
    NOTIFY_NTFY_TOKEN: 'tk_canary',
    NOTIFY_SLACK_URL: 'https://hooks.slack.com/services/canary',
    NOTIFY_ON_SLACK: 'failure, late',
    LATE_AFTER: '26h',
  });
  const on = ['failure', 'incomplete', 'recovered', 'late'];
  expect(JSON.parse(JSON.stringify(config))).toEqual({
    lateAfterMs: 26 * 3_600_000,
    targets: [
      { kind: 'webhook', url: '***', secret: '***', on },
      { kind: 'ping', url: '***', on },
      { kind: 'email', url: '***', from: 'Backups <backup@example.com>', to: ['a@example.com', 'b@example.com'], on },
      { kind: 'ntfy', url: '***', token: '***', on },
      { kind: 'slack', url: '***', on: ['failure', 'late'] },
    ],
  });
  expect(config!.targets[3]).toMatchObject({ kind: 'ntfy' });
  expect(config!.targets[0]!.url.reveal()).toBe('https://example.com/canary');
});

test.each([
  [{ NOTIFY_ON: 'failure,sucess' }, 'NOTIFY_ON has to be a list of failure, incomplete, recovered, success, late'],
  [{ NOTIFY_ON: ',' }, 'NOTIFY_ON has to be a list'],
  [{ NOTIFY_WEBHOOK_URL: 'canary.example.com/x' }, 'NOTIFY_WEBHOOK_URL has to be a URL'],
  [{ NOTIFY_PING_URL: 'ftp://canary' }, 'NOTIFY_PING_URL has to be a URL'],
  [{ NOTIFY_SMTP_URL: 'https://canary' }, 'NOTIFY_SMTP_URL has to look like'],
  [{ NOTIFY_SMTP_URL: 'smtp://me:canary%@host' }, 'NOTIFY_SMTP_URL has to look like'],
  [{ NOTIFY_SMTP_URL: 'smtp://host' }, 'NOTIFY_SMTP_URL needs NOTIFY_EMAIL_FROM too'],
  [{ NOTIFY_EMAIL_TO: 'a@example.com' }, 'NOTIFY_EMAIL_TO needs NOTIFY_SMTP_URL too'],
  [{ NOTIFY_EMAIL_TO: 'a@example.com,canary' }, 'NOTIFY_EMAIL_TO has to be one or more addresses'],
  [{ NOTIFY_EMAIL_FROM: 'canary\r\nBcc: x@example.com' }, 'NOTIFY_EMAIL_FROM has to be an address'],
  [{ NOTIFY_ON_NTFY: 'late' }, 'NOTIFY_ON_NTFY needs NOTIFY_NTFY_URL too'],
  [{ NOTIFY_WEBHOOK_SECRET: 'canary' }, 'NOTIFY_WEBHOOK_SECRET needs NOTIFY_WEBHOOK_URL too'],
  [{ LATE_AFTER: '2 weeks' }, 'LATE_AFTER has to be a number with a unit'],
])('%j cannot be used', (values, problem) => {
  const { problems } = load(values);
  expect(problems.join('\n')).toContain(problem);
  expect(problems.join('\n')).not.toContain('canary');
});

test.each([
  ['90m', 5_400_000],
  ['26h', 93_600_000],
  ['1.5d', 129_600_000],
  ['0h', undefined],
  ['2w', undefined],
  ['h', undefined],
])('%s are %s milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

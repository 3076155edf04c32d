import type { Variable } from './variable.ts';

const section = 'Alerts: who is told when a backup fails or does not come (docs/alerts.md)';

/** Variables of alerts. A URL that holds a token is a secret. */
export const alertVariables = {
  NOTIFY_ON: {
    section,
    description:
      'What is told of, with commas between: failure, incomplete, recovered (good again after one of these), late (no complete backup for too long), success.',
    defaultValue: 'failure,incomplete,recovered,late',
  },
  NOTIFY_WEBHOOK_URL: { section, description: 'A JSON document is posted there.', secret: true },
  NOTIFY_WEBHOOK_SECRET: {
    section,
    description: 'With it the document is signed (HMAC-SHA256), so that the receiver knows who sent it.',
    secret: true,
  },
  NOTIFY_ON_WEBHOOK: { section, description: 'Instead of NOTIFY_ON, for the webhook alone.', example: 'failure,success' },
  NOTIFY_PING_URL: {
    section,
    description:
      'URL of a check of Healthchecks or alike, such as https://hc-ping.com/UUID: it is told when each backup begins and how it ends, whatever NOTIFY_ON says, and makes noise when nothing comes at all.',
    secret: true,
  },
  NOTIFY_SMTP_URL: {
    section,
    description:
      'Server for e-mail: smtps://USER:PASSWORD@HOST:465, or smtp://USER:PASSWORD@HOST:587, which changes to encryption (STARTTLS). Special characters are percent-encoded.',
    secret: true,
  },
  NOTIFY_EMAIL_FROM: { section, description: 'Sender of e-mail.', example: 'backup@example.com' },
  NOTIFY_EMAIL_TO: { section, description: 'Recipients, with commas between.', example: 'ops@example.com,me@example.com' },
  NOTIFY_ON_EMAIL: { section, description: 'Instead of NOTIFY_ON, for e-mail alone.', example: 'failure,late' },
  NOTIFY_NTFY_URL: { section, description: 'A topic of ntfy, such as https://ntfy.sh/TOPIC.', secret: true },
  NOTIFY_NTFY_TOKEN: { section, description: 'Access token of ntfy, tk_..., where the topic needs one.', secret: true },
  NOTIFY_ON_NTFY: { section, description: 'Instead of NOTIFY_ON, for ntfy alone.', example: 'failure,late' },
  NOTIFY_SLACK_URL: {
    section,
    description:
      'An incoming webhook of Slack, or of anything that understands {"text": ...}, such as Mattermost, Rocket.Chat, or Discord (its URL with /slack at the end).',
    secret: true,
  },
  NOTIFY_ON_SLACK: { section, description: 'Instead of NOTIFY_ON, for Slack alone.', example: 'failure,late' },
  LATE_AFTER: {
    section,
    description:
      'How old the newest complete backup may be, such as 26h, 90m or 2d; `agent status --check` looks. Without it twice the interval of BACKUP_SCHEDULE: 48 hours with daily.',
    example: '30h',
  },
} as const satisfies Record<string, Variable>;

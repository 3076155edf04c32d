import { expect, test } from 'vitest';
import { z } from 'zod';
import { scheduleShape, toScheduleConfig } from '../../../src/config/schedule-settings.ts';

const schema = z.object(scheduleShape);

test('unless told otherwise, backups are made every night and verified every week', () => {
  const config = toScheduleConfig(schema.parse({ SCHEDULE_TIMEZONE: 'Europe/Berlin' }));
  expect(config).toMatchObject({
    backup: { text: 'daily', timeZone: 'Europe/Berlin', hours: [2] },
    storage: undefined,
    verify: { text: 'weekly', timeZone: 'Europe/Berlin' },
    drill: undefined,
    jitterMs: undefined,
    retryDelayMs: 600_000,
    retryLimit: 3,
  });
});

test('each can be said', () => {
  const config = toScheduleConfig(
    schema.parse({
      BACKUP_SCHEDULE: '15 */6 * * *',
      STORAGE_SCHEDULE: 'daily',
      VERIFY_SCHEDULE: 'off',
      DRILL_SCHEDULE: '0 5 1 * *',
      SCHEDULE_JITTER: '0',
      RETRY_DELAY: '90s',
      RETRY_LIMIT: '0',
    }),
  );
  expect(config).toMatchObject({
    backup: { hours: [0, 6, 12, 18], minutes: [15] },
    storage: { text: 'daily' },
    verify: undefined,
    drill: { text: '0 5 1 * *' },
    jitterMs: 0,
    retryDelayMs: 90_000,
    retryLimit: 0,
  });
});

test.each([
  ['BACKUP_SCHEDULE', 'nightly', 'has to be hourly, daily, weekly, or five fields'],
  ['VERIFY_SCHEDULE', '61 * * * *', 'cannot be read (minute: 61)'],
  ['SCHEDULE_TIMEZONE', 'Berlin', 'is no time zone'],
  ['SCHEDULE_JITTER', '10', 'has to be a time'],
  ['SCHEDULE_JITTER', '8d', 'has to be a time of at most 7d'],
  ['RETRY_DELAY', 'soon', 'has to be a time'],
  ['RETRY_LIMIT', '101', 'has to be a whole number from 0 to 100'],
])('%s=%s is a mistake', (name, value, message) => {
  const issues = schema.safeParse({ [name]: value }).error?.issues ?? [];
  expect(issues.map((issue) => `${String(issue.path[0])} ${issue.message}`).join()).toContain(`${name} ${message}`);
});

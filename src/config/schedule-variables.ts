import type { Variable } from './variable.ts';

const schedule = 'When the long-running agent does what (docs/service.md)';

/** For `agent daemon`; systemd's timers have schedules of their own. What is late goes by them with both. */
export const scheduleVariables = {
  BACKUP_SCHEDULE: {
    section: schedule,
    description:
      'When backups are made: hourly, daily (02:00), weekly (Sunday, 04:00), a cron expression of five fields, or off. Where a timer makes them, as often as that: what is late goes by it.',
    defaultValue: 'daily',
  },
  STORAGE_SCHEDULE: {
    section: schedule,
    description:
      'When backups take the objects of Storage too; those of BACKUP_SCHEDULE hold the database alone then. With off, all hold both.',
    defaultValue: 'off',
  },
  VERIFY_SCHEDULE: {
    section: schedule,
    description: 'When the newest backup is verified.',
    defaultValue: 'weekly',
  },
  DRILL_SCHEDULE: {
    section: schedule,
    description: 'When `agent daemon` rehearses a restore of the newest backup (agent drill).',
    defaultValue: 'off',
  },
  SCHEDULE_TIMEZONE: {
    section: schedule,
    description: 'The time zone of the schedules; that of the machine unless given.',
    example: 'Europe/Berlin',
  },
  SCHEDULE_JITTER: {
    section: schedule,
    description:
      'By how much each run is put off at most, at random, so that not everything begins at once (90s, 10m, 1h). Unless given, 5m for hourly, 30m for daily and weekly, and 0 for cron expressions.',
    example: '10m',
  },
  RETRY_DELAY: {
    section: schedule,
    description: 'After which time a failed run is tried again, when that may help (90s, 10m, 1h).',
    defaultValue: '10m',
  },
  RETRY_LIMIT: {
    section: schedule,
    description: 'How often a failed run is tried again before it waits for its schedule, 0 to 100.',
    defaultValue: '3',
  },
} as const satisfies Record<string, Variable>;

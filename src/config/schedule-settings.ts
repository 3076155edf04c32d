import { z } from 'zod';
import { parseSchedule, type Schedule } from '../domain/schedule/parse.ts';
import { isTimeZone } from '../domain/schedule/zone.ts';
import { duration } from './duration.ts';
import { scheduleVariables } from './schedule-variables.ts';

/** When `agent daemon` does what. Undefined for what is off. */
export interface ScheduleConfig {
  readonly backup: Schedule | undefined;
  /** Of backups with Storage, when those have a schedule of their own. */
  readonly storage: Schedule | undefined;
  readonly verify: Schedule | undefined;
  readonly drill: Schedule | undefined;
  /** By how much a run is put off at most; undefined where each schedule has its own default. */
  readonly jitterMs: number | undefined;
  readonly retryDelayMs: number;
  readonly retryLimit: number;
}

type Name = keyof typeof scheduleVariables;

const scheduleText = z.string().transform((value, context): string => {
  if (value.trim().toLowerCase() === 'off') return 'off';
  // The time zone is looked at by itself.
  const parsed = parseSchedule(value, 'UTC');
  if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem });
  return value;
});

const retryLimit = z
  .string()
  .regex(/^(\d\d?|100)$/, 'has to be a whole number from 0 to 100')
  .transform(Number);

function schedule(name: 'BACKUP_SCHEDULE' | 'STORAGE_SCHEDULE' | 'VERIFY_SCHEDULE' | 'DRILL_SCHEDULE') {
  return describe(name, scheduleText.prefault(scheduleVariables[name].defaultValue));
}

function describe<Schema extends z.ZodType>(name: Name, schema: Schema): Schema {
  return schema.describe(scheduleVariables[name].description);
}

export const scheduleShape = {
  BACKUP_SCHEDULE: schedule('BACKUP_SCHEDULE'),
  STORAGE_SCHEDULE: schedule('STORAGE_SCHEDULE'),
  VERIFY_SCHEDULE: schedule('VERIFY_SCHEDULE'),
  DRILL_SCHEDULE: schedule('DRILL_SCHEDULE'),
  SCHEDULE_TIMEZONE: describe(
    'SCHEDULE_TIMEZONE',
    z.string().refine(isTimeZone, 'is no time zone: take a name such as Europe/Berlin or UTC').optional(),
  ),
  SCHEDULE_JITTER: describe('SCHEDULE_JITTER', duration.optional()),
  RETRY_DELAY: describe('RETRY_DELAY', duration.prefault(scheduleVariables.RETRY_DELAY.defaultValue)),
  RETRY_LIMIT: describe('RETRY_LIMIT', retryLimit.prefault(scheduleVariables.RETRY_LIMIT.defaultValue)),
} as const satisfies Record<Name, z.ZodType>;

type ScheduleSettings = z.output<z.ZodObject<typeof scheduleShape>>;

export function toScheduleConfig(settings: ScheduleSettings): ScheduleConfig {
  const timeZone = settings.SCHEDULE_TIMEZONE ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const read = (text: string): Schedule | undefined => {
    const parsed = text === 'off' ? undefined : parseSchedule(text, timeZone);
    return parsed === undefined || 'problem' in parsed ? undefined : parsed;
  };
  return {
    backup: read(settings.BACKUP_SCHEDULE),
    storage: read(settings.STORAGE_SCHEDULE),
    verify: read(settings.VERIFY_SCHEDULE),
    drill: read(settings.DRILL_SCHEDULE),
    jitterMs: settings.SCHEDULE_JITTER,
    retryDelayMs: settings.RETRY_DELAY,
    retryLimit: settings.RETRY_LIMIT,
  };
}

import { validateDetailed } from 'node-cron';
import { isTimeZone } from './zone.ts';

/** Words for the usual schedules. Away from full hours and midnight, when everybody else's begin, jitter takes them. */
const keywords: Readonly<Record<string, { readonly expression: string; readonly jitterMs: number }>> = {
  hourly: { expression: '0 * * * *', jitterMs: 5 * 60_000 },
  daily: { expression: '0 2 * * *', jitterMs: 30 * 60_000 },
  weekly: { expression: '0 4 * * 0', jitterMs: 30 * 60_000 },
};

/** When something happens, again and again. */
export interface Schedule {
  /** As the user has written it. */
  readonly text: string;
  /** Of the IANA database. */
  readonly timeZone: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly monthDays: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** Sunday is 0. */
  readonly weekdays: ReadonlySet<number>;
  /** Both kinds of days are restricted: then one of them is enough, as crontab(5) has it. */
  readonly anyKindOfDay: boolean;
  /** By how much runs are put off at random unless the user says: nothing where he has given the minute himself. */
  readonly defaultJitterMs: number;
}

/** Reads `hourly`, `daily` (02:00), `weekly` (Sunday, 04:00) or the five fields of a cron expression. */
export function parseSchedule(text: string, timeZone: string): Schedule | { readonly problem: string } {
  if (!isTimeZone(timeZone)) return { problem: `${JSON.stringify(timeZone)} is no time zone` };
  const keyword = Object.hasOwn(keywords, text.trim().toLowerCase()) ? keywords[text.trim().toLowerCase()] : undefined;
  const fields = (keyword?.expression ?? text).trim().split(/\s+/);
  const problem = findProblem(fields);
  if (problem !== undefined) return { problem };
  const parsed = validateDetailed(fields.join(' ')).fields!;
  return {
    text: text.trim(),
    timeZone,
    minutes: ascending(parsed.minute),
    hours: ascending(parsed.hour),
    monthDays: new Set(ascending(parsed.dayOfMonth)),
    months: new Set(ascending(parsed.month)),
    weekdays: new Set(ascending(parsed.dayOfWeek)),
    anyKindOfDay: !isAny(fields[2]!) && !isAny(fields[4]!),
    defaultJitterMs: keyword?.jitterMs ?? 0,
  };
}

const forms = 'hourly, daily, weekly, or five fields: minute, hour, day of the month, month, day of the week (30 2 * * 1-5)';

function findProblem(fields: readonly string[]): string | undefined {
  if (fields.length !== 5) return `has to be ${forms}`;
  // What node-cron knows besides: it has no meaning in crontab(5).
  if ([fields[2]!, fields[4]!].some((field) => /[LW#]/i.test(field.replaceAll(/[a-z]{3,}/gi, '')))) {
    return 'uses L, W or #, which are not supported';
  }
  const { valid, errors } = validateDetailed(fields.join(' '));
  if (valid) return undefined;
  const names: Readonly<Record<string, string>> = { dayOfMonth: 'day of the month', dayOfWeek: 'day of the week' };
  const [{ field, value } = { field: 'expression', value: undefined }] = errors;
  const what = value === undefined ? '' : ` (${names[field] ?? field}: ${value})`;
  return `cannot be read${what}: it has to be ${forms}`;
}

function isAny(field: string): boolean {
  return field.startsWith('*') || field === '?';
}

function ascending(values: readonly (number | string)[]): number[] {
  return [...new Set(values.map(Number))].toSorted((a, b) => a - b);
}

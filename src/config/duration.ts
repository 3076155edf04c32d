import { z } from 'zod';

/** Milliseconds of the units that durations are told in. */
const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90m`, `26h`, `1.5d`; undefined when it is none of these, or nothing at all. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,6})?)([mhd])$/.exec(text.trim());
  const ms = match === null ? 0 : Number(match[1]) * unitsMs[match[2]!]!;
  return ms > 0 ? ms : undefined;
}

const longestMs = 7 * unitsMs['d']!;

/** Milliseconds of a setting that is a time of at most a week: `90s`, `10m`, `1h`, `0`; undefined when it is none. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const ms = text === '0' ? 0 : match === null ? Number.NaN : Number(match[1]) * unitsMs[match[2]!]!;
  return ms <= longestMs ? ms : undefined;
}

/** Such a setting, in milliseconds. */
export const duration = z.string().transform((value, context): number => {
  const ms = parseTime(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'has to be a time of at most 7d with its unit: 90s, 10m, 1h' });
  return z.NEVER;
});

import { z } from 'zod';
import { unitsMs } from './duration.ts';
import { limitVariables } from './limit-variables.ts';

/** How long things may take; undefined for what is off. */
export interface LimitConfig {
  /** STALL_LIMIT: how long nothing at all may move. */
  readonly stallMs: number | undefined;
  /** RUN_LIMIT: how long a whole run may take. */
  readonly runMs: number | undefined;
}

const shortestMs = 1000;
const longestMs = 7 * unitsMs['d']!;

const limit = z.string().transform((value, context): number | undefined => {
  const text = value.trim().toLowerCase();
  if (text === 'off' || text === '0') return undefined;
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * unitsMs[match[2]!]!;
  if (ms >= shortestMs && ms <= longestMs) return ms;
  context.addIssue({ code: 'custom', message: 'has to be a time from 1s to 7d with its unit (90s, 30m, 2h), or off' });
  return z.NEVER;
});

export const limitShape = {
  STALL_LIMIT: limit.prefault(limitVariables.STALL_LIMIT.defaultValue).describe(limitVariables.STALL_LIMIT.description),
  RUN_LIMIT: limit.prefault(limitVariables.RUN_LIMIT.defaultValue).describe(limitVariables.RUN_LIMIT.description),
};

export function toLimitConfig(settings: z.output<z.ZodObject<typeof limitShape>>): LimitConfig {
  return { stallMs: settings.STALL_LIMIT, runMs: settings.RUN_LIMIT };
}

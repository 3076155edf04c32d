import { z } from 'zod';
import { parseTime } from './duration.ts';
import { limitVariables } from './limit-variables.ts';

/** How long things may take; undefined for what is off. */
export interface LimitConfig {
  /** STALL_LIMIT: how long nothing at all may move. */
  readonly stallMs: number | undefined;
  /** RUN_LIMIT: how long a whole run may take. */
  readonly runMs: number | undefined;
}

const limit = z.string().transform((value, context): number | undefined => {
  const text = value.trim().toLowerCase();
  const ms = text === 'off' ? 0 : parseTime(text);
  if (ms !== undefined) return ms === 0 ? undefined : ms;
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

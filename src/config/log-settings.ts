import { z } from 'zod';
import { logVariables } from './log-variables.ts';

/** What the log looks like and where it goes, besides stderr. */
export interface LogConfig {
  readonly file: string | undefined;
  readonly format: 'json' | 'pretty' | 'auto';
}

export const logShape = {
  LOG_FILE: z.string().optional().describe(logVariables.LOG_FILE.description),
  LOG_FORMAT: z
    .enum(['json', 'pretty', 'auto'], { error: 'has to be json, pretty or auto' })
    .prefault(logVariables.LOG_FORMAT.defaultValue)
    .describe(logVariables.LOG_FORMAT.description),
};

export function toLogConfig(settings: z.output<z.ZodObject<typeof logShape>>): LogConfig {
  return { file: settings.LOG_FILE, format: settings.LOG_FORMAT };
}

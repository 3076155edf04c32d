import { z } from 'zod';
import { metricsVariables } from './metrics-variables.ts';

/** How the variables of monitoring are checked. The collector passes over files of any other name without a word. */
export const metricsShape = {
  METRICS_FILE: z
    .string()
    .refine((path) => /[^/]\.prom$/.test(path), 'has to end in .prom: node_exporter reads no other files')
    .optional()
    .describe(metricsVariables.METRICS_FILE.description),
};

import type { Variable } from './variable.ts';

/** Variables of what monitoring reads. */
export const metricsVariables = {
  METRICS_FILE: {
    section: 'Monitoring',
    description:
      "File that each run writes its metrics into, for node_exporter's textfile collector: NAME.prom in the directory that the collector reads, another one for each project. Everybody may read it; it holds no secret (docs/monitoring).",
    path: true,
    example: '/var/lib/prometheus/node-exporter/supabase-backup-my-project.prom',
  },
} as const satisfies Record<string, Variable>;

import type { Command } from 'commander';
import { renderMetrics } from '../../composition.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

export function metricsCommand(shell: Shell): Command {
  return createCommand(
    'metrics',
    "Print what monitoring should know, in Prometheus' text format. Asks neither repository nor database.",
    ['agent metrics', 'agent metrics --project prod | sponge /var/lib/prometheus/node-exporter/supabase-backup-prod.prom'],
  ).action(async (options: CommonOptions) => {
    await withContext(shell, options, async (context) => {
      const text = await renderMetrics([await context.metrics.facts()]);
      shell.output.result({ command: 'metrics', status: 'complete', project: context.config.project, text }, () => text);
    });
  });
}

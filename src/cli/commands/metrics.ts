import type { Command } from 'commander';
import { renderMetrics } from '../../composition.ts';
import { socketOption, type ServiceOptions } from '../service.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';
import { askForStatus } from '../status/next-runs.ts';

export function metricsCommand(shell: Shell): Command {
  return createCommand(
    'metrics',
    "Print what monitoring should know, in Prometheus' text format. Asks neither repository nor database.",
    ['agent metrics', 'agent metrics --project prod | sponge /var/lib/prometheus/node-exporter/supabase-backup-prod.prom'],
  )
    .addOption(socketOption())
    .action(async (options: CommonOptions & Pick<ServiceOptions, 'socket'>) => {
      await withContext(shell, options, async (context) => {
        const facts = await context.metrics.facts();
        const { agent, agentProblem } = await askForStatus(shell, options);
        if (agentProblem !== undefined) shell.output.note(`Warning: ${agentProblem}`);
        const next = agent?.projects.find((one) => one.project === context.config.project)?.next ?? [];
        const nextRuns = next.map(({ kind, at }) => ({ kind, at: new Date(at) }));
        const text = await renderMetrics([{ ...facts, nextRuns }]);
        shell.output.result({ command: 'metrics', status: 'complete', project: context.config.project, text }, () => text);
      });
    });
}

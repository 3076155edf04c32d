import type { Command } from 'commander';
import { prune, type PruneReport } from '../../pipeline/prune.ts';
import { formatTable } from '../output.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface PruneOptions extends CommonOptions {
  readonly dryRun?: boolean;
}

export function pruneCommand(shell: Shell): Command {
  return createCommand(
    'prune',
    'Remove the backups that retention gives up, and free their room. `agent backup` does it, too.',
    ['agent prune --dry-run', 'agent prune'],
  )
    .option('--dry-run', 'say what would be kept and removed, and why; touch nothing')
    .action(async (options: PruneOptions) => {
      await withContext(shell, options, async (context) => {
        const report = await prune(context, { dryRun: options.dryRun ?? false });
        context.progress.end();
        shell.output.result({ command: 'prune', project: context.config.project, ...report }, () => toText(report));
      });
    });
}

function toText({ decisions, leftovers, removed, dryRun }: PruneReport): string {
  const rows = decisions.map(({ backupId, action, reasons }) => [action, backupId, reasons.join('; ')]);
  return [
    rows.length === 0 ? 'There is no backup yet.' : formatTable(['ACTION', 'BACKUP', 'WHY'], rows),
    ...leftovers.map((name) => `remove  ${name}: left unfinished by a run that was killed`),
    '',
    describeOutcome(removed.length, dryRun),
  ].join('\n');
}

function describeOutcome(removed: number, dryRun: boolean): string {
  if (removed === 0) return dryRun ? 'Nothing would be removed.' : 'Nothing was removed.';
  const archives = removed === 1 ? '1 archive' : `${removed} archives`;
  return dryRun
    ? `${archives} would be removed. This was a dry run: nothing was touched.`
    : `${archives} removed, and their room given back to the disk.`;
}

import type { Command } from 'commander';
import { loadTarget } from '../../config/load.ts';
import { exitCodes } from '../../domain/exit-code.ts';
import { compare, type CompareReport } from '../../pipeline/compare.ts';
import { comparisonText } from '../comparison-text.ts';
import { formatDuration } from '../output.ts';
import { createCommand, loadOptions, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface CompareOptions extends CommonOptions {
  readonly to: string;
}

export function compareCommand(shell: Shell): Command {
  return createCommand('compare', 'Compare a database with a backup: rows, definitions, owners, privileges. Changes nothing.', [
    'agent compare latest --to test',
    'agent compare prod-20261121T020000Z --to /etc/supabase-backup/staging.env --json',
  ])
    .argument('<backup>', '`latest`, a backup id, or a unique beginning of one (`agent list`)')
    .requiredOption('--to <target>', '`test` (the TEST_ block of the env file), a project name, or the path of an env file')
    .action(async (backup: string, options: CompareOptions) => {
      await withContext(shell, options, async (context) => {
        const target = await loadTarget(options.to, loadOptions(shell, options));
        const report = await compare(context, backup, target);
        context.progress.end();
        shell.output.result({ command: 'compare', project: context.config.project, ...report }, () => toText(report));
        shell.exitWith(exitCodeOf[report.status]);
      });
    });
}

const exitCodeOf = {
  equal: exitCodes.ok,
  incomplete: exitCodes.incomplete,
  different: exitCodes.verificationFailed,
} as const;

const verdicts = {
  equal: 'is equal to',
  incomplete: 'is, but for what is named below, equal to',
  different: 'DIFFERS FROM',
} as const;

function toText({ status, backupId, target, durationMs, comparison }: CompareReport): string {
  return [
    `${target.project} (${target.database}, ${target.kind}) ${verdicts[status]} ${backupId} (${formatDuration(durationMs)}).`,
    ...comparisonText(comparison),
  ].join('\n');
}

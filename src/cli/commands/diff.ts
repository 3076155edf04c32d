import type { Command } from 'commander';
import { describeCounts, totalOf } from '../../domain/catalog-changes.ts';
import { formatDifference } from '../../domain/catalog-difference.ts';
import { exitCodes } from '../../domain/exit-code.ts';
import { diffBackups, live, type DiffReport } from '../../pipeline/diff.ts';
import { printable } from '../../domain/printable.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface DiffOptions extends CommonOptions {
  readonly schema: readonly string[];
  readonly class: readonly string[];
  readonly all?: boolean;
  readonly exitCode?: boolean;
}

export function diffCommand(shell: Shell): Command {
  return createCommand('diff', 'Show what differs in the definitions between two backups, or a backup and the live database.', [
    'agent diff latest',
    'agent diff 20261120 20261121 --schema public',
    'agent diff latest --class policy --class privileges --exit-code',
  ])
    .argument('<backup>', '`latest`, a backup id, the name of an archive, or a unique beginning of an id or of its time')
    .argument('[other]', 'another backup, or `live`: the database as it is now', live)
    .option('--schema <name>', 'only what lies in this schema (may be given several times)', collect, [])
    .option('--class <name>', 'only things of this class: table, column, policy, privileges ... (several times)', collect, [])
    .option('--all', 'also what changes on its own: values of sequences, large objects, daily partitions of Realtime')
    .option('--exit-code', 'end with 3 when there are differences')
    .action(async (from: string, to: string, options: DiffOptions) => {
      await withContext(shell, options, async (context) => {
        const { schema: schemas, class: classes, all = false } = options;
        const report = await diffBackups(context, { from, to, schemas, classes, all });
        context.progress.end();
        for (const what of report.unknown) shell.output.note(`Note: there is nothing of ${printable(what)} on either side.`);
        shell.output.result(toDocument(report, context.config.project), () => toText(report));
        const exitCode = options.exitCode === true && report.differences.length > 0 ? exitCodes.incomplete : exitCodes.ok;
        shell.exitWith(exitCode);
      });
    });
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

function toDocument({ from, to, counts, differences }: DiffReport, project: string): object {
  return { command: 'diff', status: 'complete', project, from, to, total: totalOf(counts), counts, differences };
}

function toText({ from, to, counts, differences }: DiffReport): string {
  const other = to === live ? 'the live database' : to;
  const head = `From ${from} to ${other}: ${describeCounts(counts)}.`;
  return differences.length === 0 ? head : `${head}\n\n${formatDifference(differences)}`;
}

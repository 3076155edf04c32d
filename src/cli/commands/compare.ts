import { Option, type Command } from 'commander';
import { loadTarget } from '../../config/load.ts';
import { archiveKinds, type ArchiveKind } from '../../domain/archive-name.ts';
import { exitCodes } from '../../domain/exit-code.ts';
import { AppError } from '../../errors.ts';
import { compareObjects, type CompareObjectsReport } from '../../pipeline/compare-objects.ts';
import { compare, type CompareReport } from '../../pipeline/compare.ts';
import { comparisonText } from '../comparison-text.ts';
import { objectComparisonText } from '../object-comparison-text.ts';
import { formatDuration } from '../output.ts';
import { parsePercent } from '../parse-percent.ts';
import { createCommand, loadOptions, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface CompareOptions extends CommonOptions {
  readonly to: string;
  readonly only?: ArchiveKind;
  readonly sample?: number;
}

export function compareCommand(shell: Shell): Command {
  return createCommand(
    'compare',
    'Compare a database with a backup: rows, definitions, owners, privileges; and objects of Storage. Changes nothing.',
    [
      'agent compare latest --to test',
      'agent compare latest --to test --only storage --sample 5',
      'agent compare prod-20261121T020000Z --to /etc/supabase-backup/staging.env --json',
    ],
  )
    .argument('<backup>', '`latest`, a backup id, or a unique beginning of one (`agent list`)')
    .requiredOption('--to <target>', '`test` (the TEST_ block of the env file), a project name, or the path of an env file')
    .addOption(new Option('--only <kind>', 'the database alone, or the objects of Storage alone').choices(archiveKinds))
    .option(
      '--sample <percent>',
      'download only so many percent of the objects, the same each time; of the others compare what is said of them',
      parsePercent,
    )
    .action(async (backup: string, options: CompareOptions) => {
      await withContext(shell, options, async (context) => {
        const { only, sample = 100 } = options;
        if (only === 'database' && options.sample !== undefined) throw sampleOfDatabase();
        const target = await loadTarget(options.to, loadOptions(shell, options));
        if (only === 'storage') {
          const report = await compareObjects(context, { backup, target, sample });
          context.progress.end();
          shell.output.result({ command: 'compare', project: context.config.project, ...report }, () => objectsText(report));
          shell.exitWith(exitCodeOf[report.status]);
          return;
        }
        const report = await compare(context, { backup, target, sample: only === 'database' ? undefined : sample });
        context.progress.end();
        shell.output.result(toDocument(report, context.config.project), () => toText(report));
        shell.exitWith(exitCodeOf[report.status]);
      });
    });
}

function sampleOfDatabase(): AppError {
  return new AppError('usage', '--sample is about the objects of Storage, which --only database leaves out.', {
    hint: 'Leave one of them out.',
  });
}

function toDocument(
  { status, backupId, archive, target, durationMs, comparison, objects }: CompareReport,
  project: string,
): object {
  return { command: 'compare', project, status, backupId, archive, target, durationMs, comparison, objects: objects ?? null };
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

function toText({ status, backupId, target, durationMs, comparison, objects, objectsLeftOut }: CompareReport): string {
  return [
    `${target.project} (${target.database}, ${target.kind}) ${verdicts[status]} ${backupId} (${formatDuration(durationMs)}).`,
    ...comparisonText(comparison),
    ...(objects === undefined ? [] : objectComparisonText(objects)),
    ...(objectsLeftOut
      ? ["Objects of Storage were not compared: no key of the target's Storage is configured (SUPABASE_SERVICE_ROLE_KEY)."]
      : []),
  ].join('\n');
}

function objectsText({ status, backupId, target, durationMs, objects }: CompareObjectsReport): string {
  return [
    `The Storage of ${target.project} (${target.url}) ${verdicts[status]} ${backupId} (${formatDuration(durationMs)}).`,
    ...objectComparisonText(objects),
  ].join('\n');
}

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../../domain/exit-code.ts';
import { AppError } from '../../errors.ts';
import { extract, type ExtractReport, type ExtractRequest } from '../../pipeline/extract.ts';
import { printable } from '../../domain/printable.ts';
import { formatBytes } from '../output.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface ExtractOptions extends CommonOptions {
  readonly toDir?: string;
  readonly tar?: boolean;
  readonly dryRun?: boolean;
}

export function extractCommand(shell: Shell): Command {
  return createCommand('extract', 'Take objects of Storage out of a backup, as files or as a tar. Needs no target.', [
    'agent extract latest --to-dir /srv/objects',
    'agent extract latest avatars docs/2026/ --to-dir /srv/objects',
    'agent extract latest docs/2026/invoice.pdf --tar | tar x',
    'agent extract latest docs --dry-run --json',
  ])
    .argument('<backup>', '`latest`, a backup id, or a unique beginning of one (`agent list`)')
    .argument('[path...]', 'BUCKET, BUCKET/dir/ (all below it) or BUCKET/name; everything unless given')
    .option('--to-dir <directory>', 'write files DIRECTORY/BUCKET/name; the directory must be empty, or not there')
    .option('--tar', 'write a tar to stdout')
    .option('--dry-run', 'only tell how much it is')
    .action(async (selector: string, paths: string[], options: ExtractOptions) => {
      const to = chooseOutput(shell, options);
      await withContext(shell, options, async (context) => {
        const report = await extract(context, { selector, paths, to });
        context.progress.end();
        if (!shell.output.json) noteNames(shell, report);
        if (to === undefined || 'directory' in to)
          shell.output.result(toDocument(report, options), () => toText(report, options));
        if (report.status === 'damaged') shell.exitWith(exitCodes.verificationFailed);
      });
    });
}

function chooseOutput(shell: Shell, { toDir, tar, dryRun, json }: ExtractOptions): ExtractRequest['to'] {
  if (toDir !== undefined && tar === true)
    throw usage('Objects go into a directory or into a tar.', 'Leave one of the two out.');
  if (dryRun === true) return undefined;
  if (toDir !== undefined) return { directory: resolve(shell.workingDirectory, toDir) };
  if (tar !== true) throw usage('Where should the objects go?', 'Add --to-dir DIRECTORY, --tar or --dry-run.');
  if (json === true) throw usage('Both --tar and --json would write to stdout.', 'Leave one of the two out.');
  const stream = shell.openBinaryOutput();
  if (stream !== undefined) return { tar: stream };
  throw usage('A tar is nothing for a terminal.', 'Add `> objects.tar` or `| tar x`, or take --to-dir DIRECTORY.');
}

function usage(message: string, hint: string): AppError {
  return new AppError('usage', message, { hint });
}

function toDocument(report: ExtractReport, { dryRun }: ExtractOptions): object {
  return { command: 'extract', dryRun: dryRun ?? false, ...report };
}

function toText({ status, objects, bytes, archive, damaged }: ExtractReport, { dryRun, toDir }: ExtractOptions): string {
  const what = `${objects.toLocaleString('en-US')} ${objects === 1 ? 'object' : 'objects'} (${formatBytes(bytes)}) of ${archive}`;
  if (dryRun === true) return `Would extract ${what}.`;
  const text = `Extracted ${what} into ${toDir}.`;
  return status === 'complete' ? text : `${text} DAMAGED: ${damaged.count.toLocaleString('en-US')}, named above.`;
}

function noteNames({ output }: Shell, { renamed, damaged }: ExtractReport): void {
  for (const { bucket, name, path } of renamed.names)
    output.note(`Renamed: ${printable(`${bucket}/${name}`)} is ${printable(path)}`);
  noteMore(output, renamed);
  for (const { bucket, name, reason } of damaged.names) output.note(`Damaged: ${printable(`${bucket}/${name}`)}: ${reason}`);
  noteMore(output, damaged);
}

function noteMore(output: Shell['output'], { count, names }: ExtractReport['renamed'] | ExtractReport['damaged']): void {
  if (count > names.length) output.note(`and ${(count - names.length).toLocaleString('en-US')} more`);
}

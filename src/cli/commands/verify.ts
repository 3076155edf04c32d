import type { Command } from 'commander';
import type { RunContext } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { verify, type VerifiedBackup, type VerifyReport, type VerifyRequest } from '../../pipeline/verify.ts';
import { printable } from '../../domain/printable.ts';
import { formatBytes, formatDuration, formatTable } from '../output.ts';
import { takeTurnsOption, orSkip } from '../take-turns.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface VerifyOptions extends CommonOptions {
  readonly data?: boolean;
  readonly all?: boolean;
}

export function verifyCommand(shell: Shell): Command {
  return createCommand('verify', 'Prove that a backup can be read back and is whole. Changes nothing.', [
    'agent verify',
    'agent verify --data',
    'agent verify --all',
    'agent verify prod-20261121T020000Z --data --json',
  ])
    .argument('[backup]', '`latest`, a backup id, or a unique beginning of one (`agent list`); the newest one unless given')
    .option('--data', 'read every byte of the data, and count its rows')
    .option('--all', 'verify every backup of the project')
    .addOption(takeTurnsOption())
    .action(async (backup: string | undefined, options: VerifyOptions) => {
      const request = { backups: chooseBackups(backup, options), data: options.data ?? false };
      const run = async (context: RunContext): Promise<void> => {
        const report = await verify(context, request);
        context.progress.end();
        shell.output.result(toDocument(report, context.config.project), () => toText(report));
      };
      await orSkip(shell, { command: 'verify', takeTurns: options.takeTurns }, () =>
        withContext(shell, options, run, 'verify'),
      );
    });
}

function chooseBackups(backup: string | undefined, { all }: VerifyOptions): VerifyRequest['backups'] {
  if (backup === undefined) return all === true ? 'all' : 'newest';
  if (all !== true) return { selector: backup };
  throw new AppError('usage', 'Either one backup or --all can be verified.', { hint: 'Leave one of the two out.' });
}

function toDocument({ verified, startedAt, ...report }: VerifyReport, project: string): object {
  const backups = verified.map(({ storage, ...backup }) => ({
    ...backup,
    dataBytes: backup.dataBytes ?? null,
    storage: storage === undefined ? null : { ...storage, dataBytes: storage.dataBytes ?? null },
  }));
  return { command: 'verify', project, ...report, startedAt: startedAt.toISOString(), backups };
}

function toText({ verified, data, durationMs, warnings }: VerifyReport): string {
  const what = verified.length === 1 ? 'The backup is' : `All ${verified.length} backups are`;
  const rows = verified.map((backup) => [
    backup.backupId,
    String(backup.tables),
    backup.rows.toLocaleString('en-US'),
    String(backup.largeObjects),
    backup.storage === undefined ? '' : backup.storage.objects.toLocaleString('en-US'),
    String(backup.parts),
    describeData(backup),
  ]);
  return [
    `${what} good (${formatDuration(durationMs)}).`,
    '',
    formatTable(
      ['BACKUP', 'TABLES', 'ROWS', 'LARGE OBJECTS', 'STORAGE OBJECTS', 'CHECKSUMS', 'DATA READ'],
      rows,
      [1, 2, 3, 4, 5, 6],
    ),
    ...(data ? [] : ['', 'The data itself was not read: --data reads every byte of it and counts the rows.']),
    ...warnings.map((warning) => `\nWarning: ${printable(warning)}`),
  ].join('\n');
}

function describeData({ dataBytes, storage }: VerifiedBackup): string {
  const read = [dataBytes, storage?.dataBytes].filter((bytes) => bytes !== undefined);
  return read.length === 0 ? 'no' : formatBytes(read.reduce((sum, bytes) => sum + bytes, 0));
}

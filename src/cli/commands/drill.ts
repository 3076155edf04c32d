import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { RunContext } from '../../context.ts';
import { exitCodeForStatus } from '../../domain/exit-code.ts';
import { AppError, messageOf } from '../../errors.ts';
import { drill, DrillFailedError, type DrillReport } from '../../pipeline/drill.ts';
import { drillText } from '../drill-text.ts';
import { failureDocument } from '../output.ts';
import { parsePercent } from '../parse-percent.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';
import { orSkip, takeTurnsOption } from '../take-turns.ts';

interface DrillOptions extends CommonOptions {
  readonly sample?: number;
  readonly checkSql?: string;
}

export function drillCommand(shell: Shell): Command {
  return createCommand('drill', 'Rehearse a restore in a scratch server, and check what comes of it. Changes nothing.', [
    'agent drill',
    'agent drill prod-20261121T020000Z --json',
    'agent drill latest --sample 5 --check-sql /etc/supabase-backup/prod-checks.sql',
  ])
    .argument('[backup]', '`latest`, a backup id, or a unique beginning of one (`agent list`)', 'latest')
    .option(
      '--sample <percent>',
      'read the bytes of only so many percent of the objects of Storage, the same each time',
      parsePercent,
    )
    .option('--check-sql <file>', 'ask the restored database these queries as well: each has to give rows that are true')
    .addOption(takeTurnsOption())
    .action(async (backup: string, options: DrillOptions) => {
      const assertions = await readAssertions(shell, options.checkSql);
      const run = async (context: RunContext): Promise<void> => {
        const { project } = context.config;
        try {
          const report = await drill(context, { backup, sample: options.sample ?? 100, assertions });
          context.progress.end();
          shell.output.result(toDocument(report, project), () => drillText(report));
          shell.exitWith(exitCodeForStatus(report.status));
        } catch (error) {
          if (!(error instanceof DrillFailedError)) throw error;
          const { report } = error;
          context.progress.end();
          const document = { ...failureDocument('drill', error), ...toDocument(report, project) };
          shell.output.result(document, () => `${drillText(report)}\nTry: ${error.hint}`);
          shell.exitWith(error.exitCode);
        }
      };
      await orSkip(shell, { command: 'drill', takeTurns: options.takeTurns }, () => withContext(shell, options, run, 'drill'));
    });
}

function toDocument({ startedAt, serverVersion, restoreMs, storageMs, ...report }: DrillReport, project: string): object {
  return {
    command: 'drill',
    project,
    ...report,
    startedAt: startedAt.toISOString(),
    serverVersion: serverVersion ?? null,
    restoreMs: restoreMs ?? null,
    storageMs: storageMs ?? null,
  };
}

/** Throws AppError usage for a file that cannot be read, or asks nothing. */
async function readAssertions({ workingDirectory }: Shell, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const hint = 'Give the path of a file with SQL queries, each of which gives rows that are true (docs/drill.md).';
  const path = resolve(workingDirectory, file);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AppError('usage', `${path} cannot be read: ${messageOf(cause)}. Nothing was begun.`, { hint, cause });
  });
  if (text.trim() === '') throw new AppError('usage', `${path} is empty. Nothing was begun.`, { hint });
  return text;
}

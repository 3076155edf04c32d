import type { Command } from 'commander';
import { exitCodeForStatus } from '../../domain/exit-code.ts';
import { backup, type BackupReport } from '../../pipeline/backup.ts';
import { describeChanges, describeDrift } from '../changes.ts';
import { formatBytes, formatDuration, formatTable } from '../output.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

export function backupCommand(shell: Shell): Command {
  return createCommand('backup', 'Back up the database into the Borg repository.', [
    'agent backup',
    'agent backup --project prod --json',
  ]).action(async (options: CommonOptions) => {
    await withContext(shell, options, async (context) => {
      const report = await backup(context);
      context.progress.end();
      shell.output.result(toDocument(report, context.config.project), () => toText(report));
      shell.exitWith(exitCodeForStatus(report.status));
    });
  });
}

function toDocument(report: BackupReport, project: string): object {
  const { status, backupId, startedAt, durationMs, coverage, warnings, removed, changes, migrationDrift } = report;
  return {
    command: 'backup',
    status,
    backupId,
    project,
    startedAt: startedAt.toISOString(),
    durationMs,
    archives: [{ name: report.archive, kind: 'database', ...report.sizes }],
    coverage,
    warnings,
    removed,
    changes: changes ?? null,
    migrationDrift: migrationDrift ?? null,
  };
}

function toText(report: BackupReport): string {
  const { originalBytes, deduplicatedBytes } = report.sizes;
  const rows = report.coverage.map(({ component, state, detail }) => [component, state, detail]);
  const { changes, migrationDrift } = report;
  const notes = [
    migrationDrift && describeDrift(migrationDrift, report.archive),
    changes && describeChanges(changes, report.backupId),
  ];
  return [
    `Backup ${report.backupId} is ${report.status}: ${formatBytes(originalBytes)} in ${formatDuration(report.durationMs)}, ` +
      `${formatBytes(deduplicatedBytes)} new in the repository. It was read back and is good.`,
    '',
    formatTable(['COMPONENT', 'STATE', 'DETAIL'], rows),
    ...report.warnings.map((warning) => `\nWarning: ${warning}`),
    ...(report.removed.length === 0 ? [] : [`\nRemoved by retention: ${report.removed.join(', ')}`]),
    ...notes.filter((note) => note !== undefined).map((note) => `\n${note}`),
  ].join('\n');
}

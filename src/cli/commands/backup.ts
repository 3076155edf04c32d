import { Option, type Command } from 'commander';
import type { RunContext } from '../../context.ts';
import { archiveKinds, type ArchiveKind } from '../../domain/archive-name.ts';
import { exitCodeForStatus } from '../../domain/exit-code.ts';
import type { StorageManifest } from '../../domain/storage/manifest.ts';
import { backup, type BackupReport } from '../../pipeline/backup.ts';
import { describeChanges, describeDrift } from '../changes.ts';
import { printable } from '../../domain/printable.ts';
import { formatBytes, formatDuration, formatTable } from '../output.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

interface BackupOptions extends CommonOptions {
  readonly only?: ArchiveKind;
}

export function backupCommand(shell: Shell): Command {
  return createCommand('backup', 'Back up the database, and the objects of Storage, into the Borg repository.', [
    'agent backup',
    'agent backup --project prod --json',
    'agent backup --only storage',
  ])
    .addOption(new Option('--only <kind>', 'the database alone, or the objects of Storage alone').choices(archiveKinds))
    .action(async (options: BackupOptions) => {
      const run = async (context: RunContext): Promise<void> => {
        const report = await backup(context, { only: options.only });
        context.progress.end();
        shell.output.result(toDocument(report, context.config.project), () => toText(report));
        shell.exitWith(exitCodeForStatus(report.status));
      };
      await withContext(shell, options, run, 'backup');
    });
}

function toDocument(report: BackupReport, project: string): object {
  const { status, backupId, startedAt, durationMs, coverage, warnings, removed, changes, migrationDrift, storage } = report;
  return {
    command: 'backup',
    status,
    backupId,
    project,
    startedAt: startedAt.toISOString(),
    durationMs,
    archives: report.archives.map(({ name, kind, sizes }) => ({ name, kind, ...sizes })),
    coverage,
    warnings,
    removed,
    changes: changes ?? null,
    migrationDrift: migrationDrift ?? null,
    storage:
      storage === undefined
        ? null
        : { ...storage.totals, missing: storage.missing, changed: storage.changed, left: storage.left },
  };
}

function toText(report: BackupReport): string {
  const sum = (which: 'originalBytes' | 'deduplicatedBytes'): number =>
    report.archives.reduce((total, { sizes }) => total + sizes[which], 0);
  const rows = report.coverage.map(({ component, state, detail }) => [component, state, printable(detail)]);
  const { changes, migrationDrift } = report;
  const database = report.archives.find(({ kind }) => kind === 'database');
  const notes = [
    migrationDrift && database && describeDrift(migrationDrift, database.name),
    changes && describeChanges(changes, report.backupId),
  ];
  return [
    `Backup ${report.backupId} is ${report.status}: ${formatBytes(sum('originalBytes'))} in ${formatDuration(report.durationMs)}, ` +
      `${formatBytes(sum('deduplicatedBytes'))} new in the repository. It was read back and is good.`,
    ...(report.storage === undefined ? [] : [describeTransfer(report.storage)]),
    '',
    formatTable(['COMPONENT', 'STATE', 'DETAIL'], rows),
    ...report.warnings.map((warning) => `\nWarning: ${printable(warning)}`),
    ...(report.removed.length === 0 ? [] : [`\nRemoved by retention: ${report.removed.join(', ')}`]),
    ...notes.filter((note) => note !== undefined).map((note) => `\n${note}`),
  ].join('\n');
}

function describeTransfer({ totals }: StorageManifest): string {
  const { objects, bytes, downloadedObjects, downloadedBytes } = totals;
  return (
    `Storage: ${objects.toLocaleString('en-US')} objects with ${formatBytes(bytes)}, ` +
    `of which ${downloadedObjects.toLocaleString('en-US')} with ${formatBytes(downloadedBytes)} were downloaded now.`
  );
}

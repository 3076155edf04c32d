import { Option, type Command } from 'commander';
import type { RunContext } from '../../context.ts';
import { archiveKinds, type ArchiveKind } from '../../domain/archive-name.ts';
import { exitCodeForStatus } from '../../domain/exit-code.ts';
import type { StorageManifest } from '../../domain/storage/manifest.ts';
import { backup, type BackupReport } from '../../pipeline/backup.ts';
import { describeChanges, describeDrift } from '../changes.ts';
import {
  describeNotBegun,
  exitCodeOfAll,
  forEachProject,
  tellFailure,
  toCommonDocument,
  type EachEnd,
  type ProjectEnd,
  type ProjectView,
} from '../each-project.ts';
import { AppError } from '../../errors.ts';
import { printable } from '../../domain/printable.ts';
import { formatBytes, formatDuration, formatTable } from '../output.ts';
import { addProjectChoice, chooseProjects, type SeveralOptions } from '../several.ts';
import { takeTurnsOption, orSkip } from '../take-turns.ts';
import { createCommand, withContext, type Shell } from '../shell.ts';

interface BackupOptions extends SeveralOptions {
  readonly only?: ArchiveKind;
}

export function backupCommand(shell: Shell): Command {
  const command = createCommand('backup', 'Back up the database, and the objects of Storage, into the Borg repository.', [
    'agent backup',
    'agent backup --project prod --json',
    'agent backup --only storage',
    'agent backup shop blog    one after the other, whatever becomes of the first',
    'agent backup --all',
  ]);
  return addProjectChoice(command)
    .addOption(new Option('--only <kind>', 'the database alone, or the objects of Storage alone').choices(archiveKinds))
    .addOption(takeTurnsOption())
    .action(async (names: string[], options: BackupOptions) => {
      const projects = await chooseProjects(shell, names, options);
      if (projects !== undefined) {
        refuseTurns(options);
        return backUpAll(shell, projects, options);
      }
      return orSkip(shell, { command: 'backup', takeTurns: options.takeTurns }, async () => {
        const made = await backUp(shell, options);
        shell.output.result(toDocument(made), () => toText(made.report));
        shell.exitWith(view.exitCodeOf(made));
      });
    });
}

function refuseTurns({ takeTurns }: BackupOptions): void {
  if (takeTurns !== true) return;
  throw new AppError('usage', '--take-turns is for one project. Nothing was started.', {
    hint: 'Leave it out: what becomes of one project holds up no other for long.',
  });
}

interface Made {
  readonly report: BackupReport;
  readonly project: string;
}

function backUp(shell: Shell, options: BackupOptions): Promise<Made> {
  const run = async (context: RunContext): Promise<Made> => {
    const report = await backup(context, { only: options.only });
    context.progress.end();
    return { report, project: context.config.project };
  };
  return withContext(shell, options, run, 'backup');
}

async function backUpAll(shell: Shell, names: readonly string[], options: BackupOptions): Promise<void> {
  const { output } = shell;
  // People read of each project as soon as it is done; a program gets one document.
  const tell = (end: ProjectEnd<Made>): void => {
    if (output.json) return;
    const { name, error } = end;
    const text = error === undefined ? toText(end.result.report) : `failed (${error.code})`;
    output.result({}, () => `${name === names[0] ? '' : '\n'}==> ${name} <==\n${text}`);
    if (error !== undefined) tellFailure(shell, 'backup', end);
  };
  const all = await forEachProject(shell, names, (own, name) => backUp(own, { ...options, project: name }), tell);
  output.result(toCommonDocument('backup', all, view), () =>
    ['', summarize(all), ...describeNotBegun(all.notBegun)].join('\n'),
  );
  shell.exitWith(exitCodeOfAll(all, view));
}

const view: ProjectView<Made> = { exitCodeOf: ({ report }) => exitCodeForStatus(report.status), toDocument };

function summarize({ ends, notBegun }: EachEnd<Made>): string {
  const rows = ends.map((end) => {
    if (end.error !== undefined) return [end.name, 'failed', '', '', '', end.error.code];
    const { status, backupId, durationMs, archives } = end.result.report;
    return [end.name, status, backupId, formatDuration(durationMs), formatBytes(sumBytes(archives, 'deduplicatedBytes')), ''];
  });
  const others = notBegun.map((name) => [name, 'not begun', '', '', '', '']);
  return formatTable(['PROJECT', 'STATUS', 'BACKUP', 'TOOK', 'NEW', 'ERROR'], [...rows, ...others], [3, 4]);
}

function sumBytes(archives: BackupReport['archives'], which: 'originalBytes' | 'deduplicatedBytes'): number {
  return archives.reduce((total, { sizes }) => total + sizes[which], 0);
}

function toDocument({ report, project }: Made): object {
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
  const sum = (which: 'originalBytes' | 'deduplicatedBytes'): number => sumBytes(report.archives, which);
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

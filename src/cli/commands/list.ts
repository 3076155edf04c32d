import type { Command } from 'commander';
import { listBackups, type BackupList, type ListedBackup } from '../../pipeline/list.ts';
import { exitCodes } from '../../domain/exit-code.ts';
import { formatAge } from '../age.ts';
import { drillDocument, drillWord } from '../drill-record.ts';
import {
  describeNotBegun,
  exitCodeOfAll,
  forEachProject,
  tellFailure,
  toCommonDocument,
  type EachEnd,
  type ProjectView,
} from '../each-project.ts';
import { formatBytes, formatTable, formatTime } from '../output.ts';
import { addProjectChoice, chooseProjects, type SeveralOptions } from '../several.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

export function listCommand(shell: Shell): Command {
  const command = createCommand(
    'list',
    'List the backups of the project, newest first, and what was backed up of targets before restores.',
    ['agent list', 'agent list --project prod --json', 'agent list shop blog', 'agent list --all'],
  );
  return addProjectChoice(command).action(async (names: string[], options: SeveralOptions) => {
    const projects = await chooseProjects(shell, names, options);
    if (projects !== undefined) return listAll(shell, projects, options);
    const listed = await readList(shell, options);
    shell.output.result(toDocument(listed), () => toText(listed));
    return undefined;
  });
}

interface Listed {
  readonly list: BackupList;
  readonly project: string;
  readonly repository: string;
}

function readList(shell: Shell, options: CommonOptions): Promise<Listed> {
  return withContext(shell, options, async (context) => ({
    list: await listBackups(context),
    project: context.config.project,
    repository: context.repository.location,
  }));
}

async function listAll(shell: Shell, names: readonly string[], options: SeveralOptions): Promise<void> {
  const all = await forEachProject(shell, names, (own, name) => readList(own, { ...options, project: name }));
  shell.output.result(toCommonDocument('list', all, view), () => toCommonText(all));
  for (const end of all.ends) if (end.error !== undefined && !shell.output.json) tellFailure(shell, 'list', end);
  shell.exitWith(exitCodeOfAll(all, view));
}

const view: ProjectView<Listed> = { exitCodeOf: () => exitCodes.ok, toDocument };

/** One table for all projects; those that could not be read are in it, too, or they would not be missed. */
function toCommonText({ ends, notBegun }: EachEnd<Listed>): string {
  const rows = ends.flatMap((end) => {
    if (end.error !== undefined) return [[end.name, `cannot be read (${end.error.code})`]];
    const own = listRows(end.result.list);
    return own.length === 0 ? [[end.name, 'no backup yet']] : own.map((row) => [end.name, ...row]);
  });
  const full = rows.map((row) => [...row, ...Array.from({ length: head.length + 1 - row.length }, () => '')]);
  const unfinished = ends.flatMap((end) => (end.error === undefined ? describeUnfinished(end.result.list) : []));
  return [formatTable(['PROJECT', ...head], full, [3, 5, 6]), ...unfinished, ...describeNotBegun(notBegun)].join('\n');
}

function toDocument({ list: { backups, drills, unfinished }, project }: Listed): object {
  return {
    command: 'list',
    status: 'complete',
    project,
    backups: backups.map(({ backupId, startedAt, status, safety, archives }) => ({
      backupId,
      startedAt: startedAt.toISOString(),
      status,
      safety,
      drill: drillDocument(drills.get(backupId)),
      archives: archives.map(({ name, kind, sizes }) => ({
        name,
        kind,
        originalBytes: sizes?.originalBytes ?? null,
        deduplicatedBytes: sizes?.deduplicatedBytes ?? null,
      })),
    })),
    unfinished,
  };
}

function toText({ list, repository }: Listed): string {
  const rows = listRows(list);
  return [
    rows.length === 0
      ? `There is no backup in ${repository} yet. Make the first one: agent backup`
      : formatTable(head, rows, [2, 4, 5]),
    ...describeUnfinished(list),
  ].join('\n');
}

const head = ['BACKUP', 'STARTED', 'AGE', 'STATUS', 'ORIGINAL', 'DEDUPLICATED', 'DRILL', 'ARCHIVES'];

function listRows({ backups, drills, now }: BackupList): string[][] {
  return backups.map((backup) => [
    backup.backupId,
    formatTime(backup.startedAt),
    formatAge(now.getTime() - backup.startedAt.getTime()),
    backup.status,
    sumBytes(backup, 'originalBytes'),
    sumBytes(backup, 'deduplicatedBytes'),
    drillWord(drills.get(backup.backupId)),
    `${backup.archives.map(({ kind }) => kind).join(', ')}${backup.safety ? ' (before a restore)' : ''}`,
  ]);
}

/** Unknown sizes are those of archives whose manifest cannot be read. */
function sumBytes(backup: ListedBackup, which: 'originalBytes' | 'deduplicatedBytes'): string {
  const known = backup.archives.flatMap(({ sizes }) => (sizes === undefined ? [] : [sizes[which]]));
  return known.length === 0 ? '?' : formatBytes(known.reduce((sum, bytes) => sum + bytes, 0));
}

function describeUnfinished({ unfinished, runningNow }: BackupList): string[] {
  if (unfinished.length === 0) return [];
  const what = unfinished.length === 1 ? '1 archive is' : `${unfinished.length} archives are`;
  const why = runningNow
    ? 'a run is going on right now'
    : 'left by a run that was killed; the next backup removes what is left';
  return ['', `Besides, ${what} unfinished (${why}): ${unfinished.join(', ')}`];
}

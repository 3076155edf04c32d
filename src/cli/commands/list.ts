import type { Command } from 'commander';
import { listBackups, type BackupList, type ListedBackup } from '../../pipeline/list.ts';
import { formatAge } from '../age.ts';
import { formatBytes, formatTable, formatTime } from '../output.ts';
import { createCommand, withContext, type CommonOptions, type Shell } from '../shell.ts';

export function listCommand(shell: Shell): Command {
  return createCommand(
    'list',
    'List the backups of the project, newest first, and what was backed up of targets before restores.',
    ['agent list', 'agent list --project prod --json'],
  ).action(async (options: CommonOptions) => {
    await withContext(shell, options, async (context) => {
      const list = await listBackups(context);
      shell.output.result(toDocument(list, context.config.project), () => toText(list, context.repository.location));
    });
  });
}

function toDocument({ backups, unfinished }: BackupList, project: string): object {
  return {
    command: 'list',
    status: 'complete',
    project,
    backups: backups.map(({ backupId, startedAt, status, safety, archives }) => ({
      backupId,
      startedAt: startedAt.toISOString(),
      status,
      safety,
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

function toText({ backups, unfinished, runningNow, now }: BackupList, repository: string): string {
  const head = ['BACKUP', 'STARTED', 'AGE', 'STATUS', 'ORIGINAL', 'DEDUPLICATED', 'ARCHIVES'];
  const rows = backups.map((backup) => [
    backup.backupId,
    formatTime(backup.startedAt),
    formatAge(now.getTime() - backup.startedAt.getTime()),
    backup.status,
    sumBytes(backup, 'originalBytes'),
    sumBytes(backup, 'deduplicatedBytes'),
    `${backup.archives.map(({ kind }) => kind).join(', ')}${backup.safety ? ' (before a restore)' : ''}`,
  ]);
  return [
    rows.length === 0
      ? `There is no backup in ${repository} yet. Make the first one: agent backup`
      : formatTable(head, rows, [2, 4, 5]),
    ...describeUnfinished(unfinished, runningNow),
  ].join('\n');
}

/** Unknown sizes are those of archives whose manifest cannot be read. */
function sumBytes(backup: ListedBackup, which: 'originalBytes' | 'deduplicatedBytes'): string {
  const known = backup.archives.flatMap(({ sizes }) => (sizes === undefined ? [] : [sizes[which]]));
  return known.length === 0 ? '?' : formatBytes(known.reduce((sum, bytes) => sum + bytes, 0));
}

function describeUnfinished(unfinished: readonly string[], runningNow: boolean): string[] {
  if (unfinished.length === 0) return [];
  const what = unfinished.length === 1 ? '1 archive is' : `${unfinished.length} archives are`;
  const why = runningNow
    ? 'a run is going on right now'
    : 'left by a run that was killed; the next backup removes what is left';
  return ['', `Besides, ${what} unfinished (${why}): ${unfinished.join(', ')}`];
}

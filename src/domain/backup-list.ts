import { parseArchiveName, parseBackupId } from './archive-name.ts';
import type { BackupStatus } from './retention.ts';

/** An archive as the repository and its manifest tell of it; callers may add what they know besides. */
export interface ListedArchive {
  readonly name: string;
  readonly status: BackupStatus;
}

/** One run's archives under one id. */
export interface Backup<Archive extends ListedArchive = ListedArchive> {
  readonly backupId: string;
  readonly startedAt: Date;
  readonly status: BackupStatus;
  /** By name: database, then storage. */
  readonly archives: readonly Archive[];
}

/** The backup that was asked for, or why there is none, with the ids that could have been meant, newest first. */
export type Selection<Archive extends ListedArchive = ListedArchive> =
  | { readonly backup: Backup<Archive> }
  | { readonly failure: 'no backups' | 'not found' | 'ambiguous'; readonly candidates: readonly string[] };

/**
 * Puts the archives of one project together to backups, newest first. Archives of other projects, unfinished ones and
 * names that are not ours are passed over.
 */
export function groupBackups<Archive extends ListedArchive>(archives: readonly Archive[], project: string): Backup<Archive>[] {
  const groups = new Map<string, Archive[]>();
  for (const archive of archives) {
    const name = parseArchiveName(archive.name);
    if (name?.project === project) groups.set(name.backupId, [...(groups.get(name.backupId) ?? []), archive]);
  }
  return [...groups].map(([backupId, members]) => toBackup(backupId, members)).toSorted(newestFirst);
}

function toBackup<Archive extends ListedArchive>(backupId: string, members: readonly Archive[]): Backup<Archive> {
  const archives = members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { backupId, startedAt: parseBackupId(backupId)!.startedAt, status: combineStatus(archives), archives };
}

/** The id ends in the time, so among backups of one project the text decides as the time does. */
function newestFirst(a: Backup, b: Backup): number {
  return a.backupId < b.backupId ? 1 : -1;
}

function combineStatus(archives: readonly ListedArchive[]): BackupStatus {
  // Without its database a backup is what an interrupted removal has left: it must not count as a good one.
  const hasDatabase = archives.some((archive) => parseArchiveName(archive.name)?.kind === 'database');
  if (!hasDatabase || archives.some((archive) => archive.status === 'incomplete')) return 'incomplete';
  return archives.some((archive) => archive.status === 'unknown') ? 'unknown' : 'complete';
}

/**
 * Finds the backup that a user means by `text`: `latest` (the newest complete one, or the newest when none is complete), an
 * id, the name of one of its archives, or the beginning of an id or of its time (`20261121`) that no other backup shares.
 * Takes the backups newest first, as `groupBackups` gives them.
 */
export function selectBackup<Archive extends ListedArchive>(
  backups: readonly Backup<Archive>[],
  text: string,
): Selection<Archive> {
  const [newest] = backups;
  if (newest === undefined) return { failure: 'no backups', candidates: [] };
  if (text === 'latest') return { backup: backups.find((backup) => backup.status === 'complete') ?? newest };
  const exact = backups.find((backup) => backup.backupId === text || backup.archives.some((archive) => archive.name === text));
  if (exact !== undefined) return { backup: exact };
  const matches = text === '' ? [] : backups.filter((backup) => beginsWith(backup, text));
  const [match] = matches;
  if (match === undefined) return { failure: 'not found', candidates: idsOf(backups) };
  return matches.length === 1 ? { backup: match } : { failure: 'ambiguous', candidates: idsOf(matches) };
}

function beginsWith(backup: Backup, text: string): boolean {
  const project = parseBackupId(backup.backupId)!.project;
  return backup.backupId.startsWith(text) || backup.backupId.slice(project.length + 1).startsWith(text);
}

function idsOf(backups: readonly Backup[]): string[] {
  return backups.map((backup) => backup.backupId);
}

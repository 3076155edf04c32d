import {
  isSafetyProject,
  ownerOf,
  parseArchiveName,
  parseBackupId,
  safetyProjectOf,
  type ArchiveKind,
} from './archive-name.ts';
import type { BackupStatus } from './retention.ts';

/** An archive as the repository and its manifest tell of it; callers may add what they know besides. */
export interface ListedArchive {
  readonly name: string;
  readonly status: BackupStatus;
  /** The kinds of archives that its run set out to make; its own kind alone where that is not known. */
  readonly runKinds?: readonly ArchiveKind[];
}

/** One run's archives under one id. */
export interface Backup<Archive extends ListedArchive = ListedArchive> {
  readonly backupId: string;
  readonly startedAt: Date;
  readonly status: BackupStatus;
  /** Whether it is of the target of a restore, made before that wrote there; no backup of the project then. */
  readonly safety: boolean;
  /** Whether its run was asked for Storage alone: no backup of the database then. */
  readonly storageOnly: boolean;
  /** By name: database, then storage. */
  readonly archives: readonly Archive[];
}

/** The backup that was asked for, or why there is none, with the ids that could have been meant, newest first. */
export type Selection<Archive extends ListedArchive = ListedArchive> =
  | { readonly backup: Backup<Archive> }
  | { readonly failure: 'no backups' | 'not found' | 'ambiguous'; readonly candidates: readonly string[] };

/**
 * Puts the archives of one project together to backups, newest first. Archives of other projects, unfinished ones and
 * names that are not ours are passed over, and so are safety backups, unless their own project name is given (`safetyProjectOf`).
 */
export function groupBackups<Archive extends ListedArchive>(archives: readonly Archive[], project: string): Backup<Archive>[] {
  const groups = new Map<string, Archive[]>();
  for (const archive of archives) {
    const name = parseArchiveName(archive.name);
    if (name?.project === project) groups.set(name.backupId, [...(groups.get(name.backupId) ?? []), archive]);
  }
  return [...groups].map(([backupId, members]) => toBackup(backupId, members)).toSorted(newestFirst);
}

/** As `groupBackups`, the project's safety backups among the others. */
export function groupAllBackups<Archive extends ListedArchive>(
  archives: readonly Archive[],
  project: string,
): Backup<Archive>[] {
  const backups = [...groupBackups(archives, project), ...groupBackups(archives, safetyProjectOf(project))];
  return backups.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
}

function toBackup<Archive extends ListedArchive>(backupId: string, members: readonly Archive[]): Backup<Archive> {
  const archives = members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { project, startedAt } = parseBackupId(backupId)!;
  const runKinds = new Set(archives.flatMap((archive): readonly ArchiveKind[] => archive.runKinds ?? ['database']));
  return {
    backupId,
    startedAt,
    status: combineStatus(archives, runKinds),
    safety: isSafetyProject(project),
    storageOnly: !runKinds.has('database'),
    archives,
  };
}

/** The id ends in the time, so among backups of one project the text decides as the time does. */
function newestFirst(a: Backup, b: Backup): number {
  return a.backupId < b.backupId ? 1 : -1;
}

/** Without an archive that its run set out to make, a backup is what an interruption has left: it must not count as a good one. */
function combineStatus(archives: readonly ListedArchive[], runKinds: ReadonlySet<ArchiveKind>): BackupStatus {
  const kinds = new Set(archives.map(({ name }) => parseArchiveName(name)?.kind));
  if ([...runKinds].some((kind) => !kinds.has(kind)) || archives.some(({ status }) => status === 'incomplete'))
    return 'incomplete';
  return archives.some((archive) => archive.status === 'unknown') ? 'unknown' : 'complete';
}

/**
 * Finds the backup that a user means by `text`: `latest` (the newest complete one of the database, or the newest when none is complete), an
 * id, the name of one of its archives, or the beginning of an id or of its time (`20261121`) that no other backup shares.
 * A safety backup is meant only by a text that says so: its id, or a beginning of that which goes as far as `shop-p` or leaves
 * the project out (`pre-restore-20261121`). Takes the backups newest first, as `groupAllBackups` gives them.
 */
export function selectBackup<Archive extends ListedArchive>(
  backups: readonly Backup<Archive>[],
  text: string,
): Selection<Archive> {
  const own = backups.filter(({ safety }) => !safety);
  const selection = selectOwn(own, text);
  if ('backup' in selection || selection.failure === 'ambiguous') return selection;
  const [match, ...others] = findMatches(
    backups.filter(({ safety }) => safety),
    text,
    beginsSafetyBackup,
  );
  if (match === undefined) return selection;
  return others.length === 0 ? { backup: match } : { failure: 'ambiguous', candidates: idsOf([match, ...others]) };
}

function selectOwn<Archive extends ListedArchive>(backups: readonly Backup<Archive>[], text: string): Selection<Archive> {
  const [newest] = backups;
  if (newest === undefined) return { failure: 'no backups', candidates: [] };
  if (text === 'latest') {
    const ofDatabase = backups.filter(({ storageOnly }) => !storageOnly);
    return { backup: ofDatabase.find((backup) => backup.status === 'complete') ?? ofDatabase[0] ?? newest };
  }
  const [match, ...others] = findMatches(backups, text, beginsBackup);
  if (match === undefined) return { failure: 'not found', candidates: idsOf(backups) };
  return others.length === 0 ? { backup: match } : { failure: 'ambiguous', candidates: idsOf([match, ...others]) };
}

/** The one that is named in full, or else all that the text is a beginning of. */
function findMatches<Archive extends ListedArchive>(
  backups: readonly Backup<Archive>[],
  text: string,
  begins: (backupId: string, text: string) => boolean,
): Backup<Archive>[] {
  const exact = backups.find((backup) => backup.backupId === text || backup.archives.some((archive) => archive.name === text));
  if (exact !== undefined) return [exact];
  return text === '' ? [] : backups.filter(({ backupId }) => begins(backupId, text));
}

function beginsBackup(backupId: string, text: string): boolean {
  const { project } = parseBackupId(backupId)!;
  return backupId.startsWith(text) || backupId.slice(project.length + 1).startsWith(text);
}

/** A time alone never means a safety backup, which may be of another database: it would be restored in the place of one that is gone. */
function beginsSafetyBackup(backupId: string, text: string): boolean {
  const { project } = parseBackupId(backupId)!;
  const ownerLength = ownerOf(project).length + 1;
  const mark = project.slice(ownerLength);
  return (
    (text.length > ownerLength && backupId.startsWith(text)) ||
    (text.startsWith(mark) && backupId.slice(ownerLength).startsWith(text))
  );
}

function idsOf(backups: readonly Backup[]): string[] {
  return backups.map((backup) => backup.backupId);
}

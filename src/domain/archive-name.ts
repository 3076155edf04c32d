/**
 * Names of archives and of the backups they belong to.
 *
 * A backup is one run and has one id, `<project>-<UTC start>`; each of its archives is called `<id>-<kind>`. While an archive
 * is being written and until it has been read back, it is called `.partial-<id>-<kind>`, which no pattern for finished
 * archives matches. Borg appends `.checkpoint` to what it saves of an archive that is not finished.
 *
 * A safety backup is of the database that a restore is about to write to. It lies in the repository of the backed-up project, under
 * a project name of its own, `<project>-pre-restore`. No project may be called like that, so the name alone tells it from others:
 * whoever looks for the backups of a project by its name never gets one by mistake.
 */

export const archiveKinds = ['database', 'storage'] as const;
export type ArchiveKind = (typeof archiveKinds)[number];

export interface ArchiveName {
  readonly backupId: string;
  /** As in the name: `shop`, and `shop-pre-restore` for its safety backups. */
  readonly project: string;
  readonly startedAt: Date;
  readonly kind: ArchiveKind;
}

const partialPrefix = '.partial-';
const finishedPattern = /^(?<project>.+)-(?<stamp>\d{8}T\d{6}Z)-(?<kind>database|storage)$/;
const safetySuffix = '-pre-restore';
const backupIdPattern = /^(?<project>.+)-(?<stamp>\d{8}T\d{6}Z)$/;

/** What a PROJECT_NAME may look like: it becomes part of archive names, directories and systemd instances. */
export const projectNamePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** The project name that the safety backups in the repository of `project` go by. It may be longer than a PROJECT_NAME. */
export function safetyProjectOf(project: string): string {
  return `${project}${safetySuffix}`;
}

/** Whether a project name, as names of archives have it, is that of safety backups: no PROJECT_NAME may look like it. */
export function isSafetyProject(project: string): boolean {
  return project.endsWith(safetySuffix);
}

/** The PROJECT_NAME of the backed-up project that a project name, as names of archives have it, belongs to. */
export function ownerOf(project: string): string {
  return isSafetyProject(project) ? project.slice(0, -safetySuffix.length) : project;
}

/** The id of the backup of `project` that starts at `startedAt`, to the second. */
export function formatBackupId(project: string, startedAt: Date): string {
  return `${project}-${formatStamp(startedAt)}`;
}

export function formatArchiveName(backupId: string, kind: ArchiveKind): string {
  return `${backupId}-${kind}`;
}

/** The name an archive has until it is known to be good. */
export function formatPartialName(archiveName: string): string {
  return `${partialPrefix}${archiveName}`;
}

/** Reads the name of a finished archive; anything else, a partial archive included, is undefined. */
export function parseArchiveName(name: string): ArchiveName | undefined {
  const groups = finishedPattern.exec(name)?.groups;
  if (groups === undefined || !isOwner(ownerOf(groups['project']!))) return undefined;
  const startedAt = parseStamp(groups['stamp']!);
  if (startedAt === undefined) return undefined;
  return {
    backupId: `${groups['project']}-${groups['stamp']}`,
    project: groups['project']!,
    startedAt,
    kind: groups['kind'] as ArchiveKind,
  };
}

/** Reads the name of an archive that a run has left behind unfinished, with or without Borg's `.checkpoint`. */
export function parsePartialName(name: string): ArchiveName | undefined {
  if (!name.startsWith(partialPrefix)) return undefined;
  return parseArchiveName(name.slice(partialPrefix.length).replace(/\.checkpoint(\.\d+)?$/, ''));
}

/** Splits a backup id; undefined when it is none. */
export function parseBackupId(backupId: string): { project: string; startedAt: Date } | undefined {
  const groups = backupIdPattern.exec(backupId)?.groups;
  if (groups === undefined) return undefined;
  const startedAt = parseStamp(groups['stamp']!);
  return startedAt === undefined ? undefined : { project: groups['project']!, startedAt };
}

function isOwner(project: string): boolean {
  return projectNamePattern.test(project) && !isSafetyProject(project);
}

function formatStamp(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function parseStamp(stamp: string): Date | undefined {
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const date = new Date(iso);
  // A day such as 31 February must not pass as another day.
  return Number.isNaN(date.getTime()) || formatStamp(date) !== stamp ? undefined : date;
}

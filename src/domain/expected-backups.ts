import { parseArchiveName, type ArchiveKind } from './archive-name.ts';
import { allowedBy, judgeLateness, type Lateness } from './late.ts';
import type { Schedule } from './schedule/parse.ts';

/** What a configuration says of the backups that have to come. */
export interface ExpectedBackups {
  /** PROJECT_NAME. */
  readonly project: string;
  readonly schedule: Schedule | undefined;
  /** Of backups that hold Storage, where they have one of their own; undefined where all backups hold all there is. */
  readonly storageSchedule: Schedule | undefined;
  /** LATE_AFTER. */
  readonly lateAfterMs: number | undefined;
}

/** What follows from a configuration; `database` and `storage` are undefined where they are not configured. */
export function expectBackups(config: {
  readonly project: string;
  readonly schedule: { readonly backup: Schedule | undefined; readonly storage: Schedule | undefined };
  readonly database: object | undefined;
  readonly storage: object | undefined;
  readonly alerts: { readonly lateAfterMs: number | undefined };
}): ExpectedBackups {
  const { project, schedule, database, storage, alerts } = config;
  // Where there is but one of the two, there is nothing to be told apart.
  const storageSchedule = database !== undefined && storage !== undefined ? schedule.storage : undefined;
  return { project, schedule: schedule.backup, storageSchedule, lateAfterMs: alerts.lateAfterMs };
}

/** What a machine remembers of a project's backups. */
export interface BackupHistory {
  newestRun(command: 'backup', statuses: readonly ['complete']): { readonly startedAt: Date } | undefined;
  /** Newest first. */
  listRuns(limit: number): readonly { readonly startedAt: Date }[];
  indexedArchives(): readonly { readonly name: string; readonly kind: ArchiveKind; readonly status: string }[];
  fact(name: 'first_seen_at' | 'storage_seen_at'): string | undefined;
}

/** More runs than a project makes in a year of hours. */
const historyLimit = 10_000;

/**
 * Whether backups come as their schedules and LATE_AFTER ask for. Where Storage has a schedule of its own, a backup of either kind does not stand in for
 * the other: what each archive holds tells them apart, and each is late by its own schedule.
 */
export function judgeProject(expected: ExpectedBackups, history: BackupHistory, now: Date): Lateness {
  const { storageSchedule, lateAfterMs } = expected;
  const facts = { now, lateAfterMs, schedule: expected.schedule ?? storageSchedule };
  // Counts only where there is no backup yet, and may take a look at all of the history.
  const startOf = (lastComplete: Date | undefined): Date => lastComplete ?? findFirstSeen(history) ?? now;
  if (storageSchedule === undefined) {
    const lastComplete = history.newestRun('backup', ['complete'])?.startedAt;
    return judgeLateness({ ...facts, lastComplete, firstSeen: startOf(lastComplete) });
  }
  const find = (kind: ArchiveKind): Date | undefined => findNewest(history, expected.project, kind);
  const [database, storage] = [find('database'), find('storage')];
  const storageSeen = toDate(history.fact('storage_seen_at')) ?? now;
  // LATE_AFTER is meant for what comes more often.
  const storageAllowedMs = Math.max(lateAfterMs ?? 0, allowedBy(storageSchedule, storage ?? storageSeen));
  return worstOf([
    judgeLateness({ ...facts, name: 'backup of the database', lastComplete: database, firstSeen: startOf(database) }),
    judgeLateness({
      ...facts,
      name: 'backup of Storage',
      lastComplete: storage,
      firstSeen: storageSeen,
      lateAfterMs: storageAllowedMs,
    }),
  ]);
}

/** When the project's first run began, as far as the history goes back, or it was first asked for; undefined when it never was. */
export function findFirstSeen(history: Pick<BackupHistory, 'fact' | 'listRuns'>): Date | undefined {
  return toDate(history.fact('first_seen_at')) ?? history.listRuns(historyLimit).at(-1)?.startedAt;
}

function toDate(fact: string | undefined): Date | undefined {
  return fact === undefined ? undefined : new Date(fact);
}

/** When the backup began whose archive is the newest complete one of a kind. */
function findNewest(history: BackupHistory, project: string, kind: ArchiveKind): Date | undefined {
  const times = history.indexedArchives().flatMap((archive) => {
    const parsed = archive.kind === kind && archive.status === 'complete' ? parseArchiveName(archive.name) : undefined;
    return parsed?.project === project ? [parsed.startedAt.getTime()] : [];
  });
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

function worstOf(judged: readonly Lateness[]): Lateness {
  const late = judged.filter((one) => one.late);
  const reason = (late.length > 0 ? late : judged).map((one) => one.reason).join('; ');
  return { late: late.length > 0, reason, from: new Date(Math.min(...judged.map(({ from }) => from.getTime()))) };
}

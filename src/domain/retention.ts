import { parseBackupId } from './archive-name.ts';
import type { RunStatus } from './exit-code.ts';

/** Whether all that existed was captured; 'unknown' when the manifest cannot be read. */
export type BackupStatus = 'complete' | 'incomplete' | 'unknown';

/** How many backups to keep; the same shape as the configuration's. */
export interface RetentionRules {
  /** Everything this young is kept, counted from the newest complete backup. */
  readonly days: number;
  /** So many complete backups are kept whatever their age. */
  readonly minimumBackups: number;
  /** The newest complete backup of each of the N most recent UTC days, ISO weeks, months that hold one. */
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

export interface RetentionCandidate {
  readonly backupId: string;
  readonly startedAt: Date;
  readonly status: BackupStatus;
  /** Names of its archives. */
  readonly archives: readonly string[];
}

export interface RetentionInput {
  readonly project: string;
  /** All backups of the project, in any order. */
  readonly backups: readonly RetentionCandidate[];
  readonly rules: RetentionRules;
  readonly now: Date;
  /** How the newest drill of each backup ended, where there was one. */
  readonly drills?: ReadonlyMap<string, RunStatus>;
  /** What the complete ones are called in the reasons, for one of them: `complete backup` unless told. */
  readonly noun?: string;
  /** How the run ended that retention follows; undefined when a user prunes by hand. */
  readonly lastRunStatus?: 'complete' | 'incomplete' | 'failed' | undefined;
}

export interface RetentionDecision {
  readonly backupId: string;
  readonly action: 'keep' | 'remove';
  /** At least one, for a person to read. */
  readonly reasons: readonly string[];
  readonly archives: readonly string[];
}

/** Either a decision for every backup, newest first, or why none may be removed now. */
export type RetentionPlan = { readonly refused: string } | { readonly decisions: readonly RetentionDecision[] };

/** A clock this far ahead of another is normal between machines. */
const clockToleranceMs = 5 * 60_000;
const dayMs = 24 * 60 * 60_000;

/**
 * Decides which backups of one project to keep, and says why. Removes nothing when in doubt: the window is counted from the
 * newest complete backup and not from now (Borg's own `--keep-within` empties a repository whose backups stopped), and a
 * run that failed or a backup in the future stops it altogether.
 *
 * Throws when a backup belongs to another project: the caller has mixed up repositories.
 */
export function planRetention(input: RetentionInput): RetentionPlan {
  const backups = input.backups.toSorted(newestFirst);
  for (const backup of backups) assertOwn(backup, input.project);
  const refused = findRefusal(backups, input);
  if (refused !== undefined) return { refused };
  const keepers = collectKeepers(backups, input.rules, input.noun ?? 'complete backup');
  const drilled = findDrilled(backups, input.drills ?? new Map());
  if (drilled !== undefined) {
    const reasons = keepers.get(drilled.backupId) ?? [];
    keepers.set(drilled.backupId, [...reasons, 'the newest backup that passed a drill']);
  }
  return { decisions: backups.map((backup) => decide(backup, keepers.get(backup.backupId), input.rules)) };
}

function newestFirst(a: RetentionCandidate, b: RetentionCandidate): number {
  return b.startedAt.getTime() - a.startedAt.getTime() || (a.backupId < b.backupId ? 1 : -1);
}

function assertOwn(backup: RetentionCandidate, project: string): void {
  if (parseBackupId(backup.backupId)?.project !== project) {
    throw new Error(`backup ${backup.backupId} does not belong to project ${project}`);
  }
}

/** The newest that passed in all; where none did, since not all can be checked here, the newest in which nothing was wrong. */
function findDrilled(
  backups: readonly RetentionCandidate[],
  drills: ReadonlyMap<string, RunStatus>,
): RetentionCandidate | undefined {
  const newest = (wanted: RunStatus): RetentionCandidate | undefined =>
    backups.find(({ backupId }) => drills.get(backupId) === wanted);
  return newest('complete') ?? newest('incomplete');
}

function findRefusal(backups: readonly RetentionCandidate[], input: RetentionInput): string | undefined {
  const [newest] = backups;
  if (newest === undefined) return undefined;
  if (newest.startedAt.getTime() > input.now.getTime() + clockToleranceMs) {
    return `backup ${newest.backupId} lies in the future (it is ${input.now.toISOString()} now): the clock is or was wrong`;
  }
  if (input.lastRunStatus === 'failed') return 'the last run failed';
  if (input.lastRunStatus === 'incomplete') return 'the last run was incomplete';
  if (!backups.some((backup) => backup.status === 'complete')) return 'there is no complete backup yet';
  if (newest.status === 'incomplete') return `the newest backup, ${newest.backupId}, is incomplete`;
  if (newest.status === 'unknown') return `the newest backup, ${newest.backupId}, has a manifest that cannot be read`;
  return undefined;
}

function decide(backup: RetentionCandidate, reasons: readonly string[] | undefined, rules: RetentionRules): RetentionDecision {
  const { backupId, archives } = backup;
  if (reasons !== undefined) return { backupId, action: 'keep', reasons, archives };
  const reason = `older than ${countDays(rules.days)}${backup.status === 'incomplete' ? ', and incomplete' : ''}`;
  return { backupId, action: 'remove', reasons: [reason], archives };
}

/** The reasons to keep a backup, by its id. */
function collectKeepers(backups: readonly RetentionCandidate[], rules: RetentionRules, noun: string): Map<string, string[]> {
  const keepers = new Map<string, string[]>();
  const keep = (backup: RetentionCandidate, reason: string): void => {
    keepers.set(backup.backupId, [...(keepers.get(backup.backupId) ?? []), reason]);
  };
  const complete = backups.filter((backup) => backup.status === 'complete');
  const [newest, ...others] = complete;
  if (newest === undefined) return keepers;
  keep(newest, `the newest ${noun}`);
  for (const backup of backups) {
    if (backup.status === 'unknown') keep(backup, 'its manifest cannot be read');
    const young = newest.startedAt.getTime() - backup.startedAt.getTime() <= rules.days * dayMs;
    if (young && backup !== newest) keep(backup, `within ${countDays(rules.days)} of the newest ${noun}`);
  }
  for (const backup of others.slice(0, Math.max(0, rules.minimumBackups - 1))) {
    keep(backup, `one of the ${rules.minimumBackups} newest ${noun}s`);
  }
  for (const [backup, day] of newestOfPeriods(complete, rules.daily, dayOf)) keep(backup, `newest of day ${day}`);
  for (const [backup, week] of newestOfPeriods(complete, rules.weekly, isoWeekOf)) keep(backup, `newest of week ${week}`);
  for (const [backup, month] of newestOfPeriods(complete, rules.monthly, monthOf)) keep(backup, `newest of month ${month}`);
  return keepers;
}

/** The newest backup of each of the `count` most recent periods that hold one. Takes the backups newest first. */
function newestOfPeriods(
  backups: readonly RetentionCandidate[],
  count: number,
  periodOf: (date: Date) => string,
): (readonly [RetentionCandidate, string])[] {
  const newest = new Map<string, RetentionCandidate>();
  for (const backup of backups) {
    const period = periodOf(backup.startedAt);
    if (!newest.has(period)) newest.set(period, backup);
  }
  return [...newest].slice(0, count).map(([period, backup]) => [backup, period] as const);
}

function countDays(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function monthOf(date: Date): string {
  return date.toISOString().slice(0, 7);
}

/** ISO 8601: weeks begin on Monday and belong to the year that their Thursday lies in. */
function isoWeekOf(date: Date): string {
  const midnight = Math.floor(date.getTime() / dayMs) * dayMs;
  const thursday = new Date(midnight + (4 - (date.getUTCDay() || 7)) * dayMs);
  const firstOfYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = 1 + Math.floor((thursday.getTime() - firstOfYear) / (7 * dayMs));
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}

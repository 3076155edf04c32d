import type { RunStatus } from '../../src/domain/exit-code.ts';
import type { BackupStatus, RetentionRules } from '../../src/domain/retention.ts';

// What README, docs/how-it-works.md, docs/drill.md and docs/archive-layout.md promise of retention, said again without a look at its code: each
// backup is asked by itself whether anything keeps it.

export interface KnownBackup {
  readonly backupId: string;
  readonly startedAtMs: number;
  readonly status: BackupStatus;
  /** Backups of each of these are counted apart. */
  readonly group: 'database' | 'storage' | 'safety';
}

export interface Knowledge {
  readonly backups: readonly KnownBackup[];
  readonly rules: RetentionRules;
  readonly nowMs: number;
  /** Undefined where no run of a backup says anything. */
  readonly lastRun: RunStatus | undefined;
  /** How the last drill of each backup ended that could judge it. */
  readonly drills: ReadonlyMap<string, RunStatus>;
}

const dayMs = 86_400_000;
const clockToleranceMs = 300_000;

/** The ids of all backups that have to go; undefined where none may. */
export function expectRemoved(knowledge: Knowledge): ReadonlySet<string> | undefined {
  const { backups } = knowledge;
  const groups = (['database', 'storage', 'safety'] as const).map((group) => backups.filter((one) => one.group === group));
  const removed = new Set<string>();
  for (const members of groups) {
    if (members.length === 0) continue;
    const isSafety = members[0]!.group === 'safety';
    if (mustStop(members, knowledge, isSafety)) {
      if (!isSafety) return undefined;
      continue;
    }
    for (const backup of members) if (!isKept(backup, members, { ...knowledge, isSafety })) removed.add(backup.backupId);
  }
  return removed;
}

/** An incomplete safety backup counts as a complete one. */
function isGood({ status }: KnownBackup, isSafety: boolean): boolean {
  return status === 'complete' || (isSafety && status === 'incomplete');
}

function mustStop(members: readonly KnownBackup[], { nowMs, lastRun }: Knowledge, isSafety: boolean): boolean {
  const newestMs = Math.max(...members.map(({ startedAtMs }) => startedAtMs));
  const newest = members.filter(({ startedAtMs }) => startedAtMs === newestMs);
  const failed = !isSafety && lastRun !== undefined && lastRun !== 'complete';
  return failed || newestMs > nowMs + clockToleranceMs || !newest.every((backup) => isGood(backup, isSafety));
}

function isKept(
  backup: KnownBackup,
  members: readonly KnownBackup[],
  { rules, drills, isSafety }: Knowledge & { readonly isSafety: boolean },
): boolean {
  const good = members.filter((one) => isGood(one, isSafety));
  const newestGoodMs = Math.max(...good.map(({ startedAtMs }) => startedAtMs));
  const better = good.filter(({ startedAtMs }) => startedAtMs > backup.startedAtMs);
  const isNewestOf = (period: (ms: number) => number, count: number): boolean => {
    const later = new Set(better.map(({ startedAtMs }) => period(startedAtMs)));
    return !later.has(period(backup.startedAtMs)) && later.size < count;
  };
  const keptForItself =
    isGood(backup, isSafety) &&
    (better.length === 0 ||
      better.length < rules.minimumBackups ||
      isNewestOf((ms) => Math.floor(ms / dayMs), rules.daily) ||
      // The first of January 1970 was a Thursday: three days later a week begins.
      isNewestOf((ms) => Math.floor((ms / dayMs + 3) / 7), rules.weekly) ||
      isNewestOf((ms) => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth(), rules.monthly));
  const isYoung = backup.startedAtMs >= newestGoodMs - rules.days * dayMs;
  return keptForItself || isYoung || backup.status === 'unknown' || isNewestDrilled(backup, members, drills);
}

function isNewestDrilled(backup: KnownBackup, members: readonly KnownBackup[], drills: Knowledge['drills']): boolean {
  const passed = members.filter(({ backupId }) => drills.get(backupId) === 'complete');
  const unjudged = members.filter(({ backupId }) => drills.get(backupId) === 'incomplete');
  const candidates = passed.length > 0 ? passed : unjudged;
  return candidates.length > 0 && Math.max(...candidates.map(({ startedAtMs }) => startedAtMs)) === backup.startedAtMs;
}

import type { RunStatus } from '../../src/domain/exit-code.ts';
import type { Happening } from './simulated-project.ts';

const toleranceMs = 5 * 60_000;

/** What docs/alerts.md says that people are told, and when, of what has happened. */
export function expectAlerts(
  happenings: readonly Happening[],
  { due, firstSeenMs }: { readonly due: readonly number[]; readonly firstSeenMs: number },
): { readonly events: string; readonly atMs: number }[] {
  const told: { events: string; atMs: number }[] = [];
  const last = new Map<string, RunStatus>();
  let lastComplete: number | undefined;
  let isLateTold = false;
  const isLate = (nowMs: number): boolean => {
    const sinceMs = lastComplete ?? firstSeenMs;
    const ageMs = nowMs - sinceMs;
    return ageMs < -toleranceMs || ageMs > allowedAfter(due, sinceMs);
  };
  for (const happening of happenings) {
    const { atMs } = happening;
    if (happening.what === 'check') {
      const late = isLate(atMs);
      if (late !== isLateTold) told.push({ events: late ? 'late' : 'recovered', atMs });
      isLateTold = late;
      continue;
    }
    const { kind, status, startedMs } = happening;
    const isBackup = kind !== 'verify';
    if (isBackup && status === 'complete') lastComplete = startedMs;
    const before = last.get(kind) ?? 'complete';
    last.set(kind, status);
    const isInTime = isBackup && status === 'complete' && isLateTold && !isLate(atMs);
    if (isInTime) isLateTold = false;
    const good = before !== 'complete' || isInTime ? 'recovered and success' : 'success';
    told.push({ events: status === 'failed' ? 'failure' : status === 'incomplete' ? 'incomplete' : good, atMs });
  }
  return told;
}

/** Twice the interval: the two pauses after the time of the schedule that a backup belongs to. */
function allowedAfter(due: readonly number[], sinceMs: number): number {
  const index = due.findLastIndex((dueMs) => dueMs <= sinceMs);
  return due[index + 2]! - due[index]!;
}

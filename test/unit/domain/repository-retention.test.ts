import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBackupId, safetyProjectOf } from '../../../src/domain/archive-name.ts';
import { planRepository, type PruneCandidate, type PruneInput } from '../../../src/domain/repository-retention.ts';
import { planRetention, type BackupStatus, type RetentionRules } from '../../../src/domain/retention.ts';

const defaults: RetentionRules = { days: 21, minimumBackups: 2, daily: 0, weekly: 0, monthly: 0 };
const now = new Date('2026-11-21T12:00:00Z');

function candidate(project: string, startedAt: Date, status: BackupStatus): PruneCandidate {
  const backupId = formatBackupId(project, startedAt);
  const safety = project === safetyProjectOf('shop');
  return { backupId, startedAt, status, safety, storageOnly: false, archives: [`${backupId}-database`] };
}

const backup = (day: string, status: BackupStatus = 'complete') => candidate('shop', new Date(`${day}T02:00:00Z`), status);
const safety = (day: string, status: BackupStatus = 'complete') =>
  candidate(safetyProjectOf('shop'), new Date(`${day}T09:00:00Z`), status);

function plan(backups: readonly PruneCandidate[], input: Partial<PruneInput> = {}): string[] {
  const result = planRepository({ project: 'shop', backups, rules: defaults, now, ...input });
  if ('refused' in result) return [`refused: ${result.refused}`];
  return result.decisions.map(({ backupId, action, reasons, safety: isSafety }) => {
    const day = backupId.slice(-16, -8);
    return `${action} ${day}${isSafety ? ' (safety)' : ''}: ${reasons.join('; ')}`;
  });
}

describe('safety backups', () => {
  test('are kept by the same rules, counted apart', () => {
    const backups = [
      safety('2026-11-20'),
      backup('2026-11-20'),
      safety('2026-11-10'),
      safety('2026-10-01'),
      backup('2026-09-02'),
      backup('2026-09-01'),
      safety('2026-08-01'),
    ];
    expect(plan(backups)).toEqual([
      'keep 20261120 (safety): the newest safety backup',
      'keep 20261120: the newest complete backup',
      'keep 20261110 (safety): within 21 days of the newest safety backup; one of the 2 newest safety backups',
      'remove 20261001 (safety): older than 21 days',
      'keep 20260902: one of the 2 newest complete backups',
      'remove 20260901: older than 21 days',
      'remove 20260801 (safety): older than 21 days',
    ]);
  });

  test('and backups of Storage alone are counted apart as well', () => {
    const storage = (day: string): PruneCandidate => ({ ...backup(day), storageOnly: true });
    expect(
      plan([backup('2026-11-20'), backup('2026-09-01'), storage('2026-11-19'), storage('2026-09-02'), storage('2026-08-02')]),
    ).toEqual([
      'keep 20261120: the newest complete backup',
      'keep 20261119: the newest storage backup',
      'keep 20260902: one of the 2 newest storage backups',
      'keep 20260901: one of the 2 newest complete backups',
      'remove 20260802: older than 21 days',
    ]);
  });

  test('that are incomplete count: what of a target cannot be read does not keep all of them for ever', () => {
    const backups = [
      backup('2026-11-20'),
      safety('2026-11-19', 'incomplete'),
      safety('2026-10-02', 'incomplete'),
      safety('2026-10-01'),
    ];
    expect(plan(backups)).toEqual([
      'keep 20261120: the newest complete backup',
      'keep 20261119 (safety): the newest safety backup',
      'keep 20261002 (safety): one of the 2 newest safety backups',
      'remove 20261001 (safety): older than 21 days',
    ]);
  });

  test('stand in the way of no removal, when one of them cannot be read or lies in the future', () => {
    const old = [backup('2026-11-20'), backup('2026-09-02'), backup('2026-09-01'), safety('2025-01-01')];
    const rest = [
      'keep 20261120: the newest complete backup',
      'keep 20260902: one of the 2 newest complete backups',
      'remove 20260901: older than 21 days',
    ];
    const unreadable = 'the newest backup, shop-pre-restore-20261120T090000Z, has a manifest that cannot be read';
    expect(plan([...old, safety('2026-11-20', 'unknown'), safety('2026-01-01')])).toEqual([
      `keep 20261120 (safety): no safety backup is removed now: ${unreadable}`,
      ...rest.slice(0, 3),
      `keep 20260101 (safety): no safety backup is removed now: ${unreadable}`,
      `keep 20250101 (safety): no safety backup is removed now: ${unreadable}`,
    ]);
    const [first, ...others] = plan([...old, safety('2026-12-01')]);
    expect(first).toMatch(/^keep 20261201 \(safety\): no safety backup is removed now: .* lies in the future/);
    expect(others.slice(0, 3)).toEqual(rest);
  });

  test('stay when no backup may be removed', () => {
    const backups = [backup('2026-11-20'), ...['2026-03-03', '2026-02-02', '2026-01-01'].map((day) => safety(day))];
    expect(plan(backups)).toHaveLength(4);
    expect(plan(backups, { lastRunStatus: 'failed' })).toEqual(['refused: the last run failed']);
    expect(plan([backup('2026-11-21', 'incomplete'), ...backups])).toHaveLength(1);
  });

  test('of a project without any other backup follow the rules as well', () => {
    expect(plan([safety('2026-03-03'), safety('2026-02-02'), safety('2026-01-01')])).toHaveLength(3);
    expect(plan([])).toEqual([]);
  });
});

/** A random history of both kinds, with what the rules say. */
const histories = fc.record({
  rules: fc.record({
    days: fc.integer({ min: 0, max: 60 }),
    minimumBackups: fc.integer({ min: 0, max: 6 }),
    daily: fc.integer({ min: 0, max: 4 }),
    weekly: fc.integer({ min: 0, max: 4 }),
    monthly: fc.integer({ min: 0, max: 4 }),
  }),
  backups: fc
    .uniqueArray(
      fc.record({
        hoursAgo: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 20_000 })),
        project: fc.constantFrom('shop', 'shop', safetyProjectOf('shop')),
        status: fc.constantFrom<BackupStatus[]>('complete', 'complete', 'complete', 'complete', 'incomplete', 'unknown'),
      }),
      { maxLength: 40, size: 'max', selector: ({ hoursAgo, project }) => `${project} ${hoursAgo}` },
    )
    .map((runs) =>
      runs.map(({ hoursAgo, project, status }) => candidate(project, new Date(now.getTime() - hoursAgo * 3_600_000), status)),
    ),
});

test('in random histories safety backups change nothing for the others, nor the others for them', () => {
  let losing = 0;
  const property = fc.property(histories, ({ backups, rules }) => {
    const result = planRepository({ project: 'shop', backups, rules, now });
    const own = planRetention({ project: 'shop', backups: backups.filter((one) => !one.safety), rules, now });
    if ('refused' in own || 'refused' in result) {
      expect(result).toEqual(own);
      return;
    }
    const times = result.decisions.map(({ backupId }) => backupId.slice(-16));
    expect(times).toEqual(
      backups
        .map(({ backupId }) => backupId.slice(-16))
        .toSorted()
        .toReversed(),
    );
    const ofOwn = result.decisions.filter((decision) => !decision.safety);
    expect(ofOwn).toEqual(own.decisions.map((decision) => ({ ...decision, safety: false })));

    const ofSafety = result.decisions.filter((decision) => decision.safety);
    const alone = planRepository({ project: 'shop', backups: backups.filter((one) => one.safety), rules, now });
    expect(alone).toEqual({ decisions: ofSafety });
    const kept = ofSafety.filter(({ action }) => action === 'keep');
    const readable = backups.filter((one) => one.safety && one.status !== 'unknown').length;
    expect(kept.length).toBeGreaterThanOrEqual(Math.min(Math.max(1, rules.minimumBackups), readable));
    for (const decision of ofSafety) expect(decision.reasons.length).toBeGreaterThan(0);
    if (kept.length < ofSafety.length) losing += 1;
  });
  fc.assert(property, { numRuns: 500 });
  expect(losing).toBeGreaterThan(25);
});

import { describe, expect, test } from 'vitest';
import { formatBackupId } from '../../../src/domain/archive-name.ts';
import {
  planRetention,
  type BackupStatus,
  type RetentionCandidate,
  type RetentionInput,
  type RetentionRules,
} from '../../../src/domain/retention.ts';

const defaults: RetentionRules = { days: 21, minimumBackups: 3, daily: 0, weekly: 0, monthly: 0 };
const now = new Date('2026-11-21T12:00:00Z');

function backup(startedAt: string, status: BackupStatus = 'complete'): RetentionCandidate {
  const date = new Date(startedAt.includes('T') ? startedAt : `${startedAt}T02:00:00Z`);
  const backupId = formatBackupId('shop', date);
  return { backupId, startedAt: date, status, archives: [`${backupId}-database`] };
}

function plan(backups: RetentionCandidate[], rules: Partial<RetentionRules> = {}, input: Partial<RetentionInput> = {}) {
  return planRetention({ project: 'shop', backups, rules: { ...defaults, ...rules }, now, ...input });
}

/** The plan as a table of lines, which is what a golden test compares best. */
function describePlan(...args: Parameters<typeof plan>): string[] {
  const result = plan(...args);
  if ('refused' in result) return [`refused: ${result.refused}`];
  return result.decisions.map(
    ({ backupId, action, reasons }) => `${action} ${backupId.slice('shop-'.length, -8)}: ${reasons.join('; ')}`,
  );
}

describe('what is kept, and why', () => {
  test('everything within the days, counted from the newest complete backup, and to the second', () => {
    const backups = [backup('2026-11-20'), backup('2026-10-30'), backup('2026-10-30T01:59:59Z'), backup('2026-10-29')];
    expect(describePlan(backups, { minimumBackups: 1 })).toEqual([
      'keep 20261120: the newest complete backup',
      'keep 20261030: within 21 days of the newest complete backup',
      'remove 20261030: older than 21 days',
      'remove 20261029: older than 21 days',
    ]);
  });

  test('backups that stopped long ago do not age', () => {
    const backups = [backup('2024-01-20'), backup('2024-01-10'), backup('2023-12-01')];
    expect(describePlan(backups, { minimumBackups: 1 })).toEqual([
      'keep 20240120: the newest complete backup',
      'keep 20240110: within 21 days of the newest complete backup',
      'remove 20231201: older than 21 days',
    ]);
  });

  test('never fewer than the minimum of complete ones; incomplete ones do not count', () => {
    const backups = [
      backup('2026-11-20'),
      backup('2026-09-03', 'incomplete'),
      backup('2026-09-02'),
      backup('2026-09-01'),
      backup('2026-08-31'),
    ];
    expect(describePlan(backups)).toEqual([
      'keep 20261120: the newest complete backup',
      'remove 20260903: older than 21 days, and incomplete',
      'keep 20260902: one of the 3 newest complete backups',
      'keep 20260901: one of the 3 newest complete backups',
      'remove 20260831: older than 21 days',
    ]);
  });

  test('a backup whose manifest cannot be read is kept, and does not count', () => {
    const backups = [backup('2026-11-20'), backup('2026-01-02', 'unknown'), backup('2026-01-01'), backup('2025-01-01')];
    expect(describePlan(backups, { minimumBackups: 2 })).toEqual([
      'keep 20261120: the newest complete backup',
      'keep 20260102: its manifest cannot be read',
      'keep 20260101: one of the 2 newest complete backups',
      'remove 20250101: older than 21 days',
    ]);
  });

  test('the newest of each of the most recent days, weeks and months that hold one', () => {
    const backups = [
      backup('2026-11-20T23:00:00Z'),
      backup('2026-11-20T01:00:00Z'),
      backup('2026-11-18'),
      backup('2026-11-15'),
      backup('2026-11-02'),
      backup('2026-10-31'),
      backup('2026-08-31', 'incomplete'),
      backup('2026-08-30'),
    ];
    expect(describePlan(backups, { days: 0, minimumBackups: 1, daily: 2, weekly: 3, monthly: 3 })).toEqual([
      'keep 20261120: the newest complete backup; newest of day 2026-11-20; newest of week 2026-W47; newest of month 2026-11',
      'remove 20261120: older than 0 days',
      'keep 20261118: newest of day 2026-11-18',
      'keep 20261115: newest of week 2026-W46',
      'keep 20261102: newest of week 2026-W45',
      'keep 20261031: newest of month 2026-10',
      'remove 20260831: older than 0 days, and incomplete',
      'keep 20260830: newest of month 2026-08',
    ]);
  });

  test.each([
    ['2026-01-01', '2026-W01'],
    ['2025-12-29', '2026-W01'],
    ['2025-12-28', '2025-W52'],
    ['2021-01-03', '2020-W53'],
    ['2021-01-04', '2021-W01'],
    ['2024-12-31', '2025-W01'],
  ])('%s lies in ISO week %s', (day, week) => {
    expect(describePlan([backup(day)], { weekly: 1 })[0]).toContain(`newest of week ${week}`);
  });

  test('one day is not days', () => {
    expect(describePlan([backup('2026-11-20'), backup('2026-11-18')], { days: 1, minimumBackups: 1 })[1]).toBe(
      'remove 20261118: older than 1 day',
    );
  });

  test('a removal names the archives', () => {
    const result = plan([backup('2026-11-20'), backup('2020-01-01')], { minimumBackups: 1 });
    expect(result).toMatchObject({
      decisions: [{ action: 'keep' }, { action: 'remove', archives: ['shop-20200101T020000Z-database'] }],
    });
  });
});

describe('when nothing may be removed', () => {
  const old = [backup('2026-11-20'), backup('2020-01-02'), backup('2020-01-01')];

  test.each([
    ['failed', 'refused: the last run failed'],
    ['incomplete', 'refused: the last run was incomplete'],
  ] as const)('after a run that ended %s', (lastRunStatus, refusal) => {
    expect(describePlan(old, { minimumBackups: 1 }, { lastRunStatus })).toEqual([refusal]);
  });

  test('after a complete run it goes on', () => {
    expect(describePlan(old, { minimumBackups: 1 }, { lastRunStatus: 'complete' })).toHaveLength(3);
  });

  test.each([
    ['incomplete', 'refused: the newest backup, shop-20261121T020000Z, is incomplete'],
    ['unknown', 'refused: the newest backup, shop-20261121T020000Z, has a manifest that cannot be read'],
  ] as const)('when the newest backup is %s', (status, refusal) => {
    expect(describePlan([...old, backup('2026-11-21', status)])).toEqual([refusal]);
  });

  test('when a backup lies in the future, whatever its status', () => {
    const message = 'lies in the future (it is 2026-11-21T12:00:00.000Z now): the clock is or was wrong';
    expect(describePlan([...old, backup('2026-11-21T12:05:01Z', 'incomplete')])).toEqual([
      `refused: backup shop-20261121T120501Z ${message}`,
    ]);
    expect(describePlan([...old, backup('2026-11-21T12:05:00Z')])).toHaveLength(4);
  });

  test('when no backup is complete', () => {
    expect(describePlan([backup('2020-01-01', 'incomplete')])).toEqual(['refused: there is no complete backup yet']);
    expect(describePlan([backup('2020-01-01', 'unknown')])).toEqual(['refused: there is no complete backup yet']);
  });

  test('without backups there is nothing to decide', () => {
    expect(describePlan([])).toEqual([]);
  });
});

test("another project's backup is a mistake of the program", () => {
  const foreign = { ...backup('2020-01-01'), backupId: 'shop-test-20200101T020000Z' };
  expect(() => plan([backup('2026-11-20'), foreign])).toThrow(
    'backup shop-test-20200101T020000Z does not belong to project shop',
  );
});

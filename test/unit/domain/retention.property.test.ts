import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBackupId } from '../../../src/domain/archive-name.ts';
import {
  planRetention,
  type RetentionCandidate,
  type RetentionDecision,
  type RetentionRules,
} from '../../../src/domain/retention.ts';

const dayMs = 24 * 60 * 60_000;
const now = new Date('2026-11-21T12:00:00Z');
const perProperty = { numRuns: 300 };

/** A history: some hours between one backup and the next one, which is older; most backups are complete, as in life. */
const histories = fc
  .array(
    fc.record({
      hours: fc.oneof(fc.integer({ min: 1, max: 48 }), fc.integer({ min: 1, max: 2000 })),
      status: fc.constantFrom(
        'complete' as const,
        'complete' as const,
        'complete' as const,
        'incomplete' as const,
        'unknown' as const,
      ),
    }),
    { maxLength: 40, size: 'max' },
  )
  .map((steps) => {
    let time = now.getTime();
    return steps.map(({ hours, status }): RetentionCandidate => {
      time -= hours * 60 * 60_000;
      const startedAt = new Date(time);
      return { backupId: formatBackupId('shop', startedAt), startedAt, status, archives: [] };
    });
  });

const ruleSets: fc.Arbitrary<RetentionRules> = fc.record({
  days: fc.integer({ min: 0, max: 60 }),
  minimumBackups: fc.integer({ min: 0, max: 8 }),
  daily: fc.integer({ min: 0, max: 8 }),
  weekly: fc.integer({ min: 0, max: 8 }),
  monthly: fc.integer({ min: 0, max: 8 }),
});

function decide(backups: readonly RetentionCandidate[], rules: RetentionRules): readonly RetentionDecision[] {
  const plan = planRetention({ project: 'shop', backups, rules, now });
  return 'refused' in plan ? [] : plan.decisions;
}

function removedBy(backups: readonly RetentionCandidate[], rules: RetentionRules): string[] {
  return decide(backups, rules)
    .filter((decision) => decision.action === 'remove')
    .map((decision) => decision.backupId);
}

function remaining(backups: readonly RetentionCandidate[], rules: RetentionRules): RetentionCandidate[] {
  const removed = new Set(removedBy(backups, rules));
  return backups.filter((backup) => !removed.has(backup.backupId));
}

const completeOf = (backups: readonly RetentionCandidate[]) => backups.filter((backup) => backup.status === 'complete');

test('the floor holds, the newest complete backup and everything within the window stay, and so does what cannot be read', () => {
  const property = fc.property(histories, ruleSets, (backups, rules) => {
    const kept = new Set(remaining(backups, rules));
    const complete = completeOf(backups);
    expect(completeOf([...kept]).length).toBeGreaterThanOrEqual(Math.min(rules.minimumBackups, complete.length));
    const [newest] = complete;
    if (newest !== undefined) expect(kept).toContain(newest);
    for (const backup of backups) {
      const young = newest !== undefined && backup.startedAt.getTime() >= newest.startedAt.getTime() - rules.days * dayMs;
      if (young || backup.status === 'unknown') expect(kept).toContain(backup);
    }
  });
  fc.assert(property, perProperty);
});

const drillHistories = histories.chain((backups) =>
  fc
    .array(fc.constantFrom(undefined, 'complete' as const, 'incomplete' as const, 'failed' as const), {
      minLength: backups.length,
      maxLength: backups.length,
    })
    .map((statuses) => ({
      backups,
      drills: new Map(
        backups.flatMap(({ backupId }, index) => (statuses[index] === undefined ? [] : [[backupId, statuses[index]] as const])),
      ),
    })),
);

test('the newest backup that passed a drill stays, whatever the rules, and a drill costs no other backup its place', () => {
  const property = fc.property(drillHistories, ruleSets, ({ backups, drills }, rules) => {
    const plan = planRetention({ project: 'shop', backups, rules, now, drills });
    const without = planRetention({ project: 'shop', backups, rules, now });
    if ('refused' in plan || 'refused' in without) {
      expect(plan).toEqual(without);
      return;
    }
    const kept = plan.decisions.filter(({ action }) => action === 'keep').map(({ backupId }) => backupId);
    const keptWithout = without.decisions.filter(({ action }) => action === 'keep').map(({ backupId }) => backupId);
    const newest = (status: string) => backups.find(({ backupId }) => drills.get(backupId) === status)?.backupId;
    const passed = newest('complete') ?? newest('incomplete');
    expect(new Set(kept)).toEqual(new Set([...keptWithout, ...(passed === undefined ? [] : [passed])]));
  });
  fc.assert(property, perProperty);
});

test('every backup is decided on exactly once, newest first, with a reason', () => {
  const property = fc.property(histories, ruleSets, (backups, rules) => {
    const decisions = decide(backups, rules);
    if (decisions.length > 0)
      expect(decisions.map(({ backupId }) => backupId)).toEqual(backups.map(({ backupId }) => backupId));
    for (const decision of decisions) expect(decision.reasons.length).toBeGreaterThan(0);
  });
  fc.assert(property, perProperty);
});

test('planning again over what is left removes nothing', () => {
  const property = fc.property(histories, ruleSets, (backups, rules) => {
    expect(removedBy(remaining(backups, rules), rules)).toEqual([]);
  });
  fc.assert(property, perProperty);
});

test('a larger rule never removes more', () => {
  const property = fc.property(histories, ruleSets, ruleSets, (backups, rules, more) => {
    const larger: RetentionRules = {
      days: rules.days + more.days,
      minimumBackups: rules.minimumBackups + more.minimumBackups,
      daily: rules.daily + more.daily,
      weekly: rules.weekly + more.weekly,
      monthly: rules.monthly + more.monthly,
    };
    expect(removedBy(backups, rules)).toEqual(expect.arrayContaining(removedBy(backups, larger)));
  });
  fc.assert(property, perProperty);
});

test('the order in which backups are given does not matter', () => {
  const shuffled = histories.chain((backups) =>
    fc.tuple(fc.constant(backups), fc.shuffledSubarray(backups, { minLength: backups.length })),
  );
  const property = fc.property(shuffled, ruleSets, ([backups, others], rules) => {
    expect(decide(others, rules)).toEqual(decide(backups, rules));
  });
  fc.assert(property, perProperty);
});

test('the histories are worth their time: many of them lose something', () => {
  const samples = fc.sample(fc.tuple(histories, ruleSets), { numRuns: 1000, seed: 1 });
  const losing = samples.filter(([backups, rules]) => removedBy(backups, rules).length > 0);
  expect(losing.length).toBeGreaterThan(300);
});

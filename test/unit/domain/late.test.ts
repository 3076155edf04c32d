import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeLateness } from '../../../src/domain/late.ts';

const hourMs = 3_600_000;
const now = new Date('2026-11-21T12:00:00Z');
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * hourMs);
const longAgo = hoursAgo(1000);

test.each([
  [47.9, undefined, undefined, false],
  [48.1, undefined, undefined, true],
  [2.5, 1, undefined, true],
  [25.9, 24, 26, false],
  [26.1, 24, 26, true],
])('a backup of %d hours ago, made every %s hours, with LATE_AFTER %s: late is %s', (age, interval, after, late) => {
  const facts = { now, firstSeen: longAgo, lastComplete: hoursAgo(age), lateAfterMs: after && after * hourMs };
  expect(judgeLateness(interval === undefined ? facts : { ...facts, intervalMs: interval * hourMs }).late).toBe(late);
});

test('says how old it is, and how old it may be', () => {
  const { reason } = judgeLateness({ now, firstSeen: longAgo, lastComplete: hoursAgo(50), lateAfterMs: undefined });
  expect(reason).toBe('the newest complete backup is 50.0 hours old, 48.0 hours are allowed');
});

test('what never ran counts from when the project was first seen', () => {
  const judge = (firstSeen: Date) => judgeLateness({ now, firstSeen, lastComplete: undefined, lateAfterMs: 2 * hourMs });
  expect(judge(hoursAgo(1))).toMatchObject({ late: false });
  expect(judge(hoursAgo(5))).toEqual({
    late: true,
    reason: 'there is no complete backup yet, 5.0 hours after this machine first knew of it, 120 minutes are allowed',
  });
});

test('a backup in the future says nothing about when the next one came', () => {
  expect(judgeLateness({ now, firstSeen: longAgo, lastComplete: hoursAgo(-1), lateAfterMs: undefined })).toEqual({
    late: true,
    reason: 'the newest complete backup lies in the future: the clock is or was wrong',
  });
  expect(judgeLateness({ now, firstSeen: longAgo, lastComplete: hoursAgo(-0.05), lateAfterMs: undefined }).late).toBe(false);
});

test('whatever the past is, time makes it late in the end, and a longer allowance never earlier', () => {
  const ms = fc.integer({ min: 1, max: 10_000 * hourMs });
  fc.assert(
    fc.property(ms, ms, ms, fc.boolean(), (ageMs, allowedMs, moreMs, hasBackup) => {
      const then = new Date(now.getTime() - ageMs);
      const judge = (lateAfterMs: number, at = now) =>
        judgeLateness({ now: at, firstSeen: then, lastComplete: hasBackup ? then : undefined, lateAfterMs }).late;
      expect(judge(allowedMs)).toBe(ageMs > allowedMs);
      if (judge(allowedMs + moreMs)) expect(judge(allowedMs)).toBe(true);
      expect(judge(allowedMs, new Date(then.getTime() + allowedMs + 1))).toBe(true);
    }),
  );
});

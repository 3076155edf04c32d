import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allowedBy, judgeLateness } from '../../../src/domain/late.ts';
import { parseSchedule, type Schedule } from '../../../src/domain/schedule/parse.ts';
import { nextTime } from '../../../src/domain/schedule/times.ts';

const hourMs = 3_600_000;
const now = new Date('2026-11-21T12:00:00Z');
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * hourMs);
const longAgo = hoursAgo(1000);

const schedule = (text: string, timeZone = 'UTC'): Schedule => parseSchedule(text, timeZone) as Schedule;

test.each([
  [47.9, 'daily', undefined, false],
  [48.1, 'daily', undefined, true],
  [1.9, 'hourly', undefined, false],
  [2.5, 'hourly', undefined, true],
  [13 * 24, 'weekly', undefined, false],
  [14 * 24 + 0.1, 'weekly', undefined, true],
  [47.9, undefined, undefined, false],
  [48.1, undefined, undefined, true],
  [25.9, 'daily', 26, false],
  [26.1, 'daily', 26, true],
  [26.1, 'weekly', 26, true],
])('a backup of %d hours ago, made %s, with LATE_AFTER %s: late is %s', (age, made, after, late) => {
  const facts = { now, firstSeen: longAgo, lastComplete: hoursAgo(age), lateAfterMs: after && after * hourMs };
  expect(judgeLateness({ ...facts, schedule: made === undefined ? undefined : schedule(made) }).late).toBe(late);
});

// 2026-11-20 is a Friday.
test.each([
  ['30 2 * * 1-5', '2026-11-20T02:30:10Z', 4 * 24],
  ['30 2 * * 1-5', '2026-11-16T02:30:10Z', 48],
  // A timer at another hour, and somebody at the week-end.
  ['30 2 * * 1-5', '2026-11-20T14:00:00Z', 4 * 24],
  ['30 2 * * 1-5', '2026-11-21T12:00:00Z', 4 * 24],
  ['0 8,9 * * *', '2026-11-20T09:00:00Z', 24],
  ['0 3 1 * *', '2026-10-01T03:00:00Z', 61 * 24],
])('by %s a backup of %s may be %d hours old', (text, since, hours) => {
  expect(allowedBy(schedule(text), new Date(since)) / hourMs).toBe(hours);
});

test('when clocks change, days are longer or shorter, and nothing is late for that', () => {
  const berlin = schedule('daily', 'Europe/Berlin');
  expect(allowedBy(berlin, new Date('2026-10-24T00:10:00Z')) / hourMs).toBe(49);
  expect(allowedBy(berlin, new Date('2027-03-27T01:10:00Z')) / hourMs).toBe(47);
});

test('as long as every run that is due comes within an hour and is complete, none is ever late', () => {
  const texts = ['daily', 'weekly', 'hourly', '30 2 * * 1-5', '15 8-18/2 * * *', '0 3 1,15 * *', '0 4 * * 0'];
  const days = fc.integer({ min: 0, max: 1000 });
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      days,
      fc.array(fc.nat(3500), { minLength: 2, maxLength: 2 }),
      (text, day, delays) => {
        const due = schedule(text, 'Europe/Berlin');
        const first = nextTime(due, new Date(now.getTime() + day * 24 * hourMs));
        const began = new Date(first.getTime() + delays[0]! * 1000);
        const next = new Date(nextTime(due, first).getTime() + delays[1]! * 1000);
        // Of the hourly ones two may be next to each other, or two hours apart.
        fc.pre(text !== 'hourly' || delays[1]! <= delays[0]!);
        const judged = { lastComplete: began, firstSeen: began, schedule: due, lateAfterMs: undefined };
        expect(judgeLateness({ ...judged, now: next }).late).toBe(false);
        expect(judgeLateness({ ...judged, now: new Date(began.getTime() + allowedBy(due, began) + 1) }).late).toBe(true);
      },
    ),
  );
});

test('says how old it is, and how old it may be', () => {
  const { reason } = judgeLateness({
    now,
    firstSeen: longAgo,
    lastComplete: hoursAgo(50),
    lateAfterMs: undefined,
    schedule: undefined,
  });
  expect(reason).toBe('the newest complete backup is 50.0 hours old, 48.0 hours are allowed');
});

test('what never ran counts from when the project was first seen', () => {
  const judge = (firstSeen: Date) =>
    judgeLateness({ now, firstSeen, lastComplete: undefined, lateAfterMs: 2 * hourMs, schedule: undefined });
  expect(judge(hoursAgo(1))).toMatchObject({ late: false });
  expect(judge(hoursAgo(5))).toEqual({
    from: hoursAgo(3),
    late: true,
    reason: 'there is no complete backup yet, 5.0 hours after this machine first knew of it, 120 minutes are allowed',
  });
});

test('a backup in the future says nothing about when the next one came', () => {
  expect(
    judgeLateness({ now, firstSeen: longAgo, lastComplete: hoursAgo(-1), lateAfterMs: undefined, schedule: undefined }),
  ).toMatchObject({
    late: true,
    reason: 'the newest complete backup lies in the future: the clock is or was wrong',
  });
  expect(
    judgeLateness({ now, firstSeen: longAgo, lastComplete: hoursAgo(-0.05), lateAfterMs: undefined, schedule: undefined }).late,
  ).toBe(false);
});

test('whatever the past is, time makes it late in the end, and a longer allowance never earlier', () => {
  const ms = fc.integer({ min: 1, max: 10_000 * hourMs });
  fc.assert(
    fc.property(ms, ms, ms, fc.boolean(), (ageMs, allowedMs, moreMs, hasBackup) => {
      const then = new Date(now.getTime() - ageMs);
      const judgeAll = (lateAfterMs: number, at = now) =>
        judgeLateness({
          now: at,
          firstSeen: then,
          lastComplete: hasBackup ? then : undefined,
          lateAfterMs,
          schedule: undefined,
        });
      const judge = (lateAfterMs: number, at = now): boolean => judgeAll(lateAfterMs, at).late;
      expect(judgeAll(allowedMs).from < now).toBe(judge(allowedMs));
      expect(judge(allowedMs)).toBe(ageMs > allowedMs);
      if (judge(allowedMs + moreMs)) expect(judge(allowedMs)).toBe(true);
      expect(judge(allowedMs, new Date(then.getTime() + allowedMs + 1))).toBe(true);
    }),
  );
});

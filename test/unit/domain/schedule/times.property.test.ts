import fc from 'fast-check';
import { createTask } from 'node-cron';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseSchedule, type Schedule } from '../../../../src/domain/schedule/parse.ts';
import { nextTime, previousTime } from '../../../../src/domain/schedule/times.ts';

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];
const hourMs = 3_600_000;

/** Minutes and hours of a wall clock; at least some of the days. */
const expression = fc
  .record({
    minute: fc.constantFrom('0', '30', '*/15', '5,50', '17'),
    hour: fc.constantFrom('0', '1', '2', '1-3', '*/6', '2,14', '23', '*'),
    day: fc.constantFrom('*', '1', '25-31', '*/2'),
    month: fc.constantFrom('*', '3,10,11', '*/2'),
    weekday: fc.constantFrom('*', '0', '1-5'),
  })
  .map(({ minute, hour, day, month, weekday }) => `${minute} ${hour} ${day} ${month} ${weekday}`);
const schedule = fc
  .record({ text: expression, zone: fc.constantFrom(...zones) })
  .map(({ text, zone }) => parseSchedule(text, zone) as Schedule);
const instant = fc
  .integer({ min: Date.UTC(2024, 0), max: Date.UTC(2028, 0) })
  .map((ms) => new Date(1000 * Math.floor(ms / 1000)));

test('the next time is later, nothing lies between, and the previous of it is it', () => {
  fc.assert(
    fc.property(schedule, instant, (one, after) => {
      const next = nextTime(one, after);
      expect(next.getTime()).toBeGreaterThan(after.getTime());
      expect(previousTime(one, next)).toEqual(next);
      const previous = previousTime(one, new Date(next.getTime() - 1));
      expect(previous.getTime()).toBeLessThanOrEqual(after.getTime());
      expect(nextTime(one, previous)).toEqual(next);
    }),
    { numRuns: 500 },
  );
});

test('every day has exactly one run of a daily schedule, whatever clocks do', () => {
  const daily = fc.record({
    minute: fc.integer({ min: 0, max: 59 }),
    hour: fc.integer({ min: 0, max: 23 }),
    zone: fc.constantFrom(...zones),
  });
  fc.assert(
    fc.property(daily, instant, ({ minute, hour, zone }, start) => {
      const one = parseSchedule(`${minute} ${hour} * * *`, zone) as Schedule;
      let time = nextTime(one, start);
      for (let count = 0; count < 370; count += 1) {
        const next = nextTime(one, time);
        const pause = (next.getTime() - time.getTime()) / hourMs;
        expect(pause).toBeGreaterThanOrEqual(22);
        expect(pause).toBeLessThanOrEqual(26);
        time = next;
      }
    }),
    { numRuns: 20 },
  );
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('away from changes of clocks it is what node-cron says', () => {
  const text = expression.filter((fields) => {
    const [, , day, , weekday] = fields.split(' ');
    // Of two restricted kinds of days node-cron wants both.
    return day!.startsWith('*') || weekday === '*';
  });
  fc.assert(
    fc.property(text, fc.constantFrom('UTC', 'Asia/Kathmandu'), instant, (fields, timezone, after) => {
      vi.setSystemTime(after);
      const task = createTask(fields, () => undefined, { timezone });
      void task.start();
      expect(nextTime(parseSchedule(fields, timezone) as Schedule, after)).toEqual(task.getNextRun());
      void task.destroy();
    }),
    { numRuns: 300 },
  );
});

test('at changes of clocks node-cron skips a day, or is late by an hour: why its times are not used', () => {
  const next = (fields: string, at: string): string => {
    vi.setSystemTime(new Date(at));
    const task = createTask(fields, () => undefined, { timezone: 'Europe/Berlin' });
    void task.start();
    const time = task.getNextRun();
    void task.destroy();
    return time!.toISOString().slice(0, 16);
  };
  expect(next('30 2 * * *', '2026-03-28T12:00:00Z')).toBe('2026-03-30T00:30');
  expect(next('0 * * * *', '2026-10-24T23:30:00Z')).toBe('2026-10-25T01:00');
});

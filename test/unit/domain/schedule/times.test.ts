import { expect, test } from 'vitest';
import { parseSchedule, type Schedule } from '../../../../src/domain/schedule/parse.ts';
import { longestPauseMs, nextTime, previousTime } from '../../../../src/domain/schedule/times.ts';

function schedule(text: string, timeZone = 'UTC'): Schedule {
  const parsed = parseSchedule(text, timeZone);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

/** The next times after an instant, without seconds. */
function following(one: Schedule, after: string, count: number): string[] {
  const times: Date[] = [];
  for (let time = new Date(after); times.length < count; times.push(time)) time = nextTime(one, time);
  return times.map((time) => time.toISOString().slice(0, 16));
}

test.each([
  ['hourly', '2026-11-21T18:59:59Z', ['2026-11-21T19:00', '2026-11-21T20:00']],
  ['daily', '2026-11-21T02:00:00Z', ['2026-11-22T02:00', '2026-11-23T02:00']],
  ['Weekly', '2026-11-21T02:00:00Z', ['2026-11-22T04:00', '2026-11-29T04:00']],
  ['*/20 2-3 * * mon-fri', '2026-11-20T03:20:00Z', ['2026-11-20T03:40', '2026-11-23T02:00', '2026-11-23T02:20']],
  ['0 0 29 2 *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00']],
  ['0 0 29 2 *', '2096-12-01T00:00:00Z', ['2104-02-29T00:00']],
  // crontab(5): of two restricted kinds of days one is enough.
  ['0 2 1 * 1', '2026-11-26T00:00:00Z', ['2026-11-30T02:00', '2026-12-01T02:00', '2026-12-07T02:00']],
  ['30 4 * * 7', '2026-11-21T00:00:00Z', ['2026-11-22T04:30']],
])('%s after %s', (text, after, times) => {
  expect(following(schedule(text), after, times.length)).toEqual(times);
});

test('a time that clocks leap over comes when they do, once', () => {
  // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
  expect(following(schedule('30 2 * * *', 'Europe/Berlin'), '2026-03-28T00:00:00Z', 3)).toEqual([
    '2026-03-28T01:30',
    '2026-03-29T01:00',
    '2026-03-30T00:30',
  ]);
  expect(following(schedule('0,30 2,3 * * *', 'Europe/Berlin'), '2026-03-29T00:00:00Z', 3)).toEqual([
    '2026-03-29T01:00',
    '2026-03-29T01:30',
    '2026-03-30T00:00',
  ]);
  // Samoa went without the whole of 30 December 2011.
  expect(following(schedule('0 12 * * *', 'Pacific/Apia'), '2011-12-29T00:00:00Z', 3)).toEqual([
    '2011-12-29T22:00',
    '2011-12-30T10:00',
    '2011-12-30T22:00',
  ]);
});

test('a time that comes twice when clocks are set back counts once', () => {
  // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC; New York, 1 November: 02:00 becomes 01:00 at 06:00 UTC.
  expect(following(schedule('30 2 * * *', 'Europe/Berlin'), '2026-10-24T12:00:00Z', 2)).toEqual([
    '2026-10-25T00:30',
    '2026-10-26T01:30',
  ]);
  expect(following(schedule('30 1 * * *', 'America/New_York'), '2026-10-31T12:00:00Z', 2)).toEqual([
    '2026-11-01T05:30',
    '2026-11-02T06:30',
  ]);
});

test('what happens every hour goes by the hours that pass', () => {
  const hours = (from: string): string[] => following(schedule('hourly', 'Europe/Berlin'), from, 4);
  expect(hours('2026-10-24T23:30:00Z')).toEqual([
    '2026-10-25T00:00',
    '2026-10-25T01:00',
    '2026-10-25T02:00',
    '2026-10-25T03:00',
  ]);
  expect(hours('2026-03-28T23:30:00Z')).toEqual([
    '2026-03-29T00:00',
    '2026-03-29T01:00',
    '2026-03-29T02:00',
    '2026-03-29T03:00',
  ]);
});

test('the previous time is the one at an instant, or the last before it', () => {
  const daily = schedule('30 2 * * *', 'Europe/Berlin');
  const previous = (at: string): string => previousTime(daily, new Date(at)).toISOString().slice(0, 16);
  expect(previous('2026-11-21T01:30:00.000Z')).toBe('2026-11-21T01:30');
  expect(previous('2026-11-21T01:29:59.999Z')).toBe('2026-11-20T01:30');
  expect(previous('2026-03-29T12:00:00Z')).toBe('2026-03-29T01:00');
});

test('the longest pause', () => {
  const hourMs = 3_600_000;
  expect(longestPauseMs(schedule('0 2 * * 1-5'), new Date('2026-11-18T00:00:00Z'))).toBe(72 * hourMs);
  expect(longestPauseMs(schedule('daily'), new Date('2026-11-18T00:00:00Z'))).toBe(24 * hourMs);
});

test.each([
  ['yearly', 'has to be hourly, daily, weekly, or five fields'],
  ['0 0 2 * * *', 'has to be hourly, daily, weekly, or five fields'],
  ['@daily', 'has to be hourly, daily, weekly, or five fields'],
  ['61 2 * * *', 'cannot be read (minute: 61)'],
  ['0 2 31 2 *', 'cannot be read (day of the month: 31)'],
  ['0 2 * * someday', 'cannot be read (day of the week: someday)'],
  ['0 2 L * *', 'uses L, W or #'],
  ['0 2 * * 5#2', 'uses L, W or #'],
  ['constructor', 'has to be hourly, daily, weekly, or five fields'],
])('%s is a mistake', (text, problem) => {
  const parsed = parseSchedule(text, 'UTC');
  expect('problem' in parsed ? parsed.problem : '').toContain(problem);
});

test('a time zone has to exist', () => {
  expect(parseSchedule('daily', 'Europe/Berlinn')).toEqual({ problem: '"Europe/Berlinn" is no time zone' });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addLook,
  chooseIntervalMs,
  describeLimit,
  describeStandstill,
  hasMoved,
  inMotion,
  type Activity,
  type Stillness,
} from '../../../src/domain/standstill.ts';

/** Looks at something that does a little at each of these moments; how long it seemed to be still at most. */
function longestStillness(limitMs: number, movesAtMs: readonly number[], delaysMs: readonly number[]): number {
  const intervalMs = chooseIntervalMs(limitMs);
  let stillness: Stillness = inMotion;
  let longestMs = 0;
  let last: Activity = { bytes: 0, cpuMs: 0 };
  let nowMs = 0;
  for (const delayMs of delaysMs) {
    // A timer comes late, never early.
    const elapsedMs = intervalMs + delayMs;
    nowMs += elapsedMs;
    const now = { bytes: movesAtMs.filter((at) => at <= nowMs).length, cpuMs: 0 };
    stillness = addLook(stillness, { moved: hasMoved(last, now, elapsedMs), elapsedMs }, intervalMs);
    last = now;
    longestMs = Math.max(longestMs, stillness.stillMs);
  }
  return longestMs;
}

const limits = fc.integer({ min: 1000, max: 7 * 86_400_000 });

test('what moves at least once in each limit is never ended, however late the looks come', () => {
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 400, maxLength: 400 });
  const delays = fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 100, maxLength: 100 });
  fc.assert(
    fc.property(limits, shares, delays, (limitMs, pauses, lateBy) => {
      let atMs = 0;
      // Just below: what takes the limit to the millisecond may be ended.
      const moves = pauses.map((share) => (atMs += share * (limitMs - 1)));
      const lookedForMs = 100 * 4 * chooseIntervalMs(limitMs);
      const enough = moves.filter((at) => at <= lookedForMs);
      for (let at = enough.at(-1) ?? 0; at <= lookedForMs; at += limitMs - 1) enough.push(at);
      const delaysMs = lateBy.map((times) => times * chooseIntervalMs(limitMs));
      expect(longestStillness(limitMs, enough, delaysMs)).toBeLessThan(limitMs);
    }),
    { numRuns: 200 },
  );
});

test('what does nothing is ended soon after its limit, but not by fewer than ten looks', () => {
  fc.assert(
    fc.property(limits, fc.double({ min: 0, max: 1000, noNaN: true }), (limitMs, late) => {
      const intervalMs = chooseIntervalMs(limitMs);
      let stillness: Stillness = inMotion;
      let looks = 0;
      while (stillness.stillMs < limitMs) {
        stillness = addLook(stillness, { moved: false, elapsedMs: intervalMs * (1 + late) }, intervalMs);
        looks += 1;
      }
      expect(looks).toBeGreaterThanOrEqual(10);
      expect(stillness.stillMs).toBeLessThanOrEqual(limitMs + 2 * intervalMs);
    }),
  );
});

describe('what counts as a movement', () => {
  const before = { bytes: 100, cpuMs: 1000 };

  test.each([
    ['a byte', { bytes: 101, cpuMs: 1000 }, 60_000, true],
    ['a tick of the processor in a moment', { bytes: 100, cpuMs: 1010 }, 100, true],
    ['a hundredth of the processor', { bytes: 100, cpuMs: 1600 }, 60_000, true],
    ['a Borg that wakes up once a second', { bytes: 100, cpuMs: 1010 }, 60_000, false],
    ['nothing', before, 60_000, false],
    ['a worker that has ended', { bytes: 40, cpuMs: 10 }, 60_000, true],
  ])('%s', (_what, after, elapsedMs, moved) => {
    expect(hasMoved(before, after, elapsedMs)).toBe(moved);
  });
});

test('the words name what is still, why, and what to do', () => {
  const things = [
    { name: 'borg create (process 1)', why: undefined },
    { name: 'pg_dump (process 2)', why: undefined },
  ] as const;
  const server = 'PostgreSQL at db:5432/postgres';
  expect(describeStandstill(1_800_000, things, [[server, { state: 'waits', holders: [4711] }]])).toEqual({
    message:
      'For 30 min nothing has moved: borg create (process 1); pg_dump (process 2). PostgreSQL at db:5432/postgres waits for a lock that is held by session 4711. All of it was ended.',
    hint: 'Look in pg_stat_activity what session 4711 does, and end it (pg_terminate_backend), or wait for it; then start this again. If it was only slow: raise STALL_LIMIT.',
  });
  expect(describeStandstill(1000, things, [[server, { state: 'silent' }]])).toMatchObject({
    message: expect.stringContaining(`${server} does not answer.`) as string,
    hint: expect.stringContaining('firewall') as string,
  });
  expect(describeStandstill(1000, [{ name: 'borg list (process 1)', why: 'disk' }], [])).toMatchObject({
    message: 'For 1 s nothing has moved: borg list (process 1), which waits for a disk. All of it was ended.',
    hint: expect.stringContaining('file system') as string,
  });
  expect(describeStandstill(1000, things, [[server, { state: 'idle' }]]).hint).toContain('repository');
});

test.each([
  [90_000, '90 s'],
  [1_800_000, '30 min'],
  [79_200_000, '22 h'],
  [5_400_000, '90 min'],
])('%d ms are %s', (ms, text) => {
  expect(describeLimit(ms)).toBe(text);
});

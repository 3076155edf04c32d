import { describe, expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log.ts';
import type { RunHistory, RunOutcome } from '../../../src/daemon/run.ts';
import { Scheduler } from '../../../src/daemon/scheduler.ts';
import { measureHeap } from '../../helpers/measure-heap.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { complete, createFakeStarter, failed, scheduledProject } from '../../helpers/fake-runs.ts';

const minuteMs = 60_000;

/** A scheduler at the beginning of 21 November 2026 (UTC), and what has begun: "shop backup 21T02:00". */
function createScene(options: {
  start?: string;
  maxConcurrent?: number;
  lastRunAt?: RunHistory['lastRunAt'];
  chance?: number;
  takesMs?: number;
  outcome?: (project: string, count: number) => RunOutcome;
}) {
  const clock = createFakeClock(new Date(options.start ?? '2026-11-21T00:00:00Z'));
  const begun: string[] = [];
  let most = 0;
  const starter = createFakeStarter(clock, (project, kind, at) => {
    begun.push(`${project} ${kind} ${at.toISOString().slice(8, 16)}`);
    return { takesMs: options.takesMs ?? 5 * minuteMs, outcome: options.outcome?.(project, begun.length) ?? complete };
  });
  const scheduler: Scheduler = new Scheduler({
    clock,
    log: createLogger([]),
    starter,
    history: { lastRunAt: options.lastRunAt ?? (() => undefined) },
    random: () => options.chance ?? 0,
    maxConcurrent: options.maxConcurrent ?? 1,
    onChange: () => (most = Math.max(most, scheduler.states().filter(({ running }) => running !== undefined).length)),
  });
  void scheduler.run();
  onTestFinished(() => scheduler.stop());
  return { clock, scheduler, begun, pass: (to: string) => clock.passUntil(new Date(to)), most: () => most };
}

describe('when runs begin', () => {
  test('by their schedules, and not before', async () => {
    const { scheduler, begun, pass } = createScene({});
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *', verify: '30 3 * * 0' }));
    await pass('2026-11-21T01:59:59Z');
    expect(begun).toEqual([]);
    await pass('2026-11-22T12:00:00Z');
    expect(begun).toEqual(['shop backup 21T02:00', 'shop backup 22T02:00', 'shop verify 22T03:30']);
  });

  test('never two of a project, and no more at once than allowed; what waits begins in the order in which it was due', async () => {
    const { scheduler, begun, pass, most } = createScene({ maxConcurrent: 2, takesMs: 20 * minuteMs });
    for (const [name, text] of [
      ['a', '2 2 * * *'],
      ['b', '1 2 * * *'],
      ['c', '4 2 * * *'],
      ['d', '3 2 * * *'],
    ] as const) {
      scheduler.put(scheduledProject(name, { backup: text, ...(name === 'b' ? { verify: '5 2 * * *' } : {}) }));
    }
    await pass('2026-11-21T12:00:00Z');
    expect(begun).toEqual([
      'b backup 21T02:01',
      'a backup 21T02:02',
      'd backup 21T02:21',
      'c backup 21T02:22',
      'b verify 21T02:41',
    ]);
    expect(most()).toBe(2);
  });

  test('a run that takes longer than its interval is not followed by what it has missed', async () => {
    const { scheduler, begun, pass } = createScene({ takesMs: 130 * minuteMs });
    scheduler.put(scheduledProject('shop', { backup: 'hourly' }));
    await pass('2026-11-21T06:00:00Z');
    expect(begun).toEqual(['shop backup 21T01:00', 'shop backup 21T04:00']);
  });

  test('jitter puts off, but not into the next time', async () => {
    const { scheduler, begun, pass } = createScene({ chance: 0.5 });
    scheduler.put(scheduledProject('a', { backup: '0 2 * * *' }, { jitterMs: 30 * minuteMs }));
    scheduler.put(scheduledProject('b', { backup: '0 5 * * *' }, { jitterMs: 48 * 60 * minuteMs }));
    await pass('2026-11-21T12:00:00Z');
    expect(begun).toEqual(['a backup 21T02:15', 'b backup 21T11:00']);
  });

  test('a backup with Storage makes up for one of the database that is due as well', async () => {
    const { scheduler, begun, pass } = createScene({});
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *', database: '0 * * * *' }));
    await pass('2026-11-21T03:30:00Z');
    expect(begun).toEqual(['shop database 21T01:00', 'shop backup 21T02:00', 'shop database 21T03:00']);
  });

  test('a clock that is set back by hours does not let runs wait for as long', async () => {
    const { clock, scheduler, begun, pass } = createScene({ start: '2026-12-24T00:00:00Z' });
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *' }));
    await pass('2026-12-24T00:10:00Z');
    clock.set(new Date('2026-11-21T01:00:00Z'));
    await pass('2026-11-21T02:01:00Z');
    expect(begun).toEqual(['shop backup 21T02:00']);
  });
});

describe('what was missed while the agent did not run', () => {
  test.each([
    ['2026-11-18T02:00:30Z', ['shop backup 21T00:00', 'shop backup 21T02:00']],
    ['2026-11-20T02:00:30Z', ['shop backup 21T02:00']],
    [undefined, ['shop backup 21T02:00']],
  ])('the last run was %s', async (last, expected) => {
    const { scheduler, begun, pass } = createScene({ lastRunAt: () => (last === undefined ? undefined : new Date(last)) });
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *' }));
    await pass('2026-11-21T12:00:00Z');
    expect(begun).toEqual(expected);
  });

  test('a history that cannot be read is no reason to run, or not to', async () => {
    const { scheduler, begun, pass } = createScene({
      lastRunAt: () => {
        throw new Error('damaged');
      },
    });
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *' }));
    await pass('2026-11-21T12:00:00Z');
    expect(begun).toEqual(['shop backup 21T02:00']);
  });
});

describe('what failed', () => {
  test('is tried again so many times, then waits for its schedule, which counts anew', async () => {
    const { scheduler, begun, pass } = createScene({ outcome: () => failed });
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *' }));
    await pass('2026-11-22T02:20:00Z');
    expect(begun.map((line) => line.slice(12))).toEqual(['21T02:00', '21T02:15', '21T02:30', '22T02:00', '22T02:15']);
  });

  test('is not tried again once it was well, or where that is of no use', async () => {
    const { scheduler, begun, pass } = createScene({
      outcome: (project, count) => (project === 'a' ? { ...failed, retryable: false } : count < 3 ? failed : complete),
    });
    scheduler.put(scheduledProject('a', { backup: '0 2 * * *' }));
    scheduler.put(scheduledProject('b', { backup: '0 3 * * *' }));
    await pass('2026-11-21T12:00:00Z');
    expect(begun).toEqual(['a backup 21T02:00', 'b backup 21T03:00', 'b backup 21T03:15']);
  });

  test.each(['skipped', 'incomplete', 'cancelled'] as const)('%s waits for its schedule', async (result) => {
    const { scheduler, begun, pass } = createScene({ outcome: () => ({ ...failed, result }) });
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *' }));
    await pass('2026-11-21T12:00:00Z');
    expect(begun).toEqual(['shop backup 21T02:00']);
    expect(scheduler.states()[0]!.last).toMatchObject({ result });
  });
});

describe('what people ask for', () => {
  test('a run now, and its end', async () => {
    const { scheduler, begun, pass } = createScene({});
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *' }));
    await pass('2026-11-21T00:00:30Z');
    scheduler.runNow('shop', 'verify');
    await pass('2026-11-21T00:01:00Z');
    expect(begun).toEqual(['shop verify 21T00:00']);
    expect(scheduler.states()[0]!.running).toMatchObject({ kind: 'verify', stage: 'snapshot' });
    expect(() => scheduler.runNow('shop', 'backup')).toThrow(AppError);
    expect(await scheduler.cancel('shop')).toMatchObject({ kind: 'verify' });
    await pass('2026-11-21T00:02:00Z');
    expect(scheduler.states()[0]).toMatchObject({ running: undefined, last: { result: 'cancelled' } });
    await expect(scheduler.cancel('shop')).rejects.toThrow('No run of shop is going on');
    expect(() => scheduler.runNow('nobody', 'backup')).toThrow('The agent knows no project "nobody"');
    await pass('2026-11-21T12:00:00Z');
    expect(begun).toEqual(['shop verify 21T00:00', 'shop backup 21T02:00']);
  });

  test('another schedule, and none: what has not changed keeps its time', async () => {
    const { scheduler, begun, pass } = createScene({ outcome: () => failed });
    scheduler.put(scheduledProject('shop', { backup: '0 2 * * *' }));
    await pass('2026-11-21T02:06:00Z');
    expect(scheduler.put(scheduledProject('shop', { backup: '0 2 * * *', verify: '0 4 * * *' }))).toEqual([
      'verify: off -> 0 4 * * * (UTC)',
    ]);
    await pass('2026-11-21T02:16:00Z');
    expect(begun).toEqual(['shop backup 21T02:00', 'shop backup 21T02:15']);
    expect(scheduler.put(scheduledProject('shop', { backup: '0 6 * * *' }))).toEqual([
      'backup: 0 2 * * * (UTC) -> 0 6 * * * (UTC)',
      'verify: 0 4 * * * (UTC) -> off',
    ]);
    scheduler.remove('shop');
    expect(scheduler.states()).toHaveLength(1);
    await pass('2026-11-22T12:00:00Z');
    expect(begun).toHaveLength(2);
    expect(scheduler.states()).toEqual([]);
  });
});

test('10,000 runs leave nothing behind', async () => {
  let count = 0;
  const clock = createFakeClock(new Date('2026-01-01T00:30:00Z'));
  const scheduler = new Scheduler({
    clock,
    log: createLogger([]),
    starter: createFakeStarter(clock, () => {
      count += 1;
      return { takesMs: minuteMs, outcome: count % 7 === 0 ? failed : complete };
    }),
    history: { lastRunAt: () => undefined },
    random: () => 0.5,
    maxConcurrent: 1,
    onChange: () => undefined,
  });
  for (const name of ['a', 'b', 'c', 'd']) scheduler.put(scheduledProject(name, { backup: '*/10 * * * *' }));
  void scheduler.run();
  onTestFinished(() => scheduler.stop());
  const heaps: number[] = [];
  for (let day = 1; heaps.length < 10; day += 2) {
    await clock.passUntil(new Date(Date.UTC(2026, 0, 1 + day)));
    heaps.push(measureHeap());
  }
  expect(count).toBeGreaterThan(10_000);
  // A leak of one kilobyte a run would be 5 MB from one half to the other.
  expect(Math.min(...heaps.slice(5))).toBeLessThan(Math.min(...heaps.slice(0, 5)) + 2_000_000);
});

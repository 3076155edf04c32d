import type { Clock } from '../../src/context.ts';

/** A clock on which time passes only while everybody sleeps: then it leaps to whoever wakes up first. */
export interface FakeClock extends Clock {
  /** Lets time pass until the moment; whoever wakes up by then has done what he does when it resolves. */
  passUntil(moment: Date): Promise<void>;
  /** Sets the clock on the wall, without time passing. */
  set(moment: Date): void;
  /** How many sleep now. */
  sleepers(): number;
}

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

export function createFakeClock(start: Date): FakeClock {
  let elapsedMs = 0;
  let wallMs = start.getTime();
  const sleepers = new Set<Sleeper>();
  return {
    now: () => new Date(wallMs),
    monotonicMs: () => elapsedMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const sleeper = { wakeAtMs: elapsedMs + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener(
          'abort',
          () => {
            sleepers.delete(sleeper);
            reject(signal.reason as Error);
          },
          { once: true },
        );
      }),
    async passUntil(moment) {
      for (;;) {
        await settle();
        const [first] = [...sleepers].toSorted((a, b) => a.wakeAtMs - b.wakeAtMs);
        const leapMs = Math.min((first?.wakeAtMs ?? Infinity) - elapsedMs, moment.getTime() - wallMs);
        if (leapMs < 0 || (leapMs === 0 && first?.wakeAtMs !== elapsedMs)) return;
        elapsedMs += leapMs;
        wallMs += leapMs;
        if (first?.wakeAtMs === elapsedMs) {
          sleepers.delete(first);
          first.wake();
        }
      }
    },
    set: (moment) => (wallMs = moment.getTime()),
    sleepers: () => sleepers.size,
  };
}

/** Until nobody has anything to do at once. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

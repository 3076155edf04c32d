import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../context.ts';

/** The system's clock; the only place that reads it. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms) => sleep(ms, undefined, { ref: false }),
};

import type { Clock } from '../../context.ts';

/** Takes the time of stages that follow one another; of one that comes again the times are added up. */
export interface StageClock {
  /** A stage begins, and the one before it ends. */
  begin(stage: string): void;
  /** The last one ends. The milliseconds of each stage, in the order in which they came first; then nothing is known of them any more. */
  end(): Record<string, number>;
}

export function createStageClock(clock: Pick<Clock, 'monotonicMs'>): StageClock {
  const elapsedMs = new Map<string, number>();
  let current: { readonly stage: string; readonly sinceMs: number } | undefined;
  const close = (nowMs: number): void => {
    if (current === undefined) return;
    const { stage, sinceMs } = current;
    elapsedMs.set(stage, (elapsedMs.get(stage) ?? 0) + nowMs - sinceMs);
    current = undefined;
  };
  return {
    begin(stage) {
      const nowMs = clock.monotonicMs();
      close(nowMs);
      current = { stage, sinceMs: nowMs };
    },
    end() {
      close(clock.monotonicMs());
      const all = Object.fromEntries([...elapsedMs].map(([stage, ms]) => [stage, Math.round(ms)]));
      elapsedMs.clear();
      return all;
    },
  };
}

import type { Clock, RunContext } from '../context.ts';
import { messageOf } from '../errors.ts';

/** A step on the way out. */
export interface ShutdownPhase {
  readonly name: string;
  /** After this the next phase begins, whatever this one is doing. */
  readonly limitMs: number;
  readonly run: () => void | Promise<void>;
}

/** Runs the phases one after another, each for no longer than its limit; none keeps the next from its turn. */
export async function runPhases(
  phases: readonly ShutdownPhase[],
  { clock, log }: { readonly clock: Clock; readonly log: RunContext['log'] },
): Promise<void> {
  for (const { name, limitMs, run } of phases) {
    const startedMs = clock.monotonicMs();
    log.info({ phase: name, limitMs }, 'shutdown phase begins');
    const inTime = new AbortController();
    const problem = await Promise.race([
      (async () => run())().then(
        () => undefined,
        (error: unknown) => messageOf(error),
      ),
      clock.sleep(limitMs, inTime.signal).then(
        () => `not over after ${limitMs} ms`,
        () => undefined,
      ),
    ]);
    inTime.abort(new Error('in time'));
    const fields = { phase: name, durationMs: Math.round(clock.monotonicMs() - startedMs) };
    if (problem === undefined) log.info(fields, 'shutdown phase ended');
    else log.warn({ ...fields, reason: problem }, 'shutdown phase did not end well');
  }
}

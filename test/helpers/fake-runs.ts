import type { Clock } from '../../src/context.ts';
import { parseSchedule, type Schedule } from '../../src/domain/schedule/parse.ts';
import type { JobKind, ScheduledProject } from '../../src/daemon/project.ts';
import type { RunOutcome, RunStarter } from '../../src/daemon/run.ts';

export const complete: RunOutcome = {
  result: 'complete',
  retryable: false,
  exitCode: 0,
  errorCode: undefined,
  message: undefined,
};
export const failed: RunOutcome = {
  result: 'failed',
  retryable: true,
  exitCode: 20,
  errorCode: 'source_unreachable',
  message: 'nobody is there',
};

/** A project whose schedules are given as text: without jitter, retried twice after ten minutes. */
export function scheduledProject(
  name: string,
  schedules: Partial<Record<JobKind, string>>,
  options: { readonly timeZone?: string; readonly jitterMs?: number } = {},
): ScheduledProject {
  const plans = Object.entries(schedules).map(([kind, text]) => ({
    kind: kind as JobKind,
    schedule: parseSchedule(text, options.timeZone ?? 'UTC') as Schedule,
    jitterMs: options.jitterMs ?? 0,
  }));
  return {
    name,
    project: name,
    stateDirectory: '/nonexistent',
    plans,
    retryDelayMs: 600_000,
    retryLimit: 2,
    repositoryLocation: '/nonexistent',
    expected: { project: name, schedule: undefined, storageSchedule: undefined, lateAfterMs: undefined },
  };
}

/** Runs that only take time, and end as they are told. `begun` is called with each: project, kind and when. */
export function createFakeStarter(
  clock: Clock,
  begun: (project: string, kind: JobKind, at: Date) => { readonly takesMs: number; readonly outcome: RunOutcome },
): RunStarter {
  return {
    start(project, kind, onStep) {
      const { takesMs, outcome } = begun(project.name, kind, clock.now());
      const cancelled = new AbortController();
      onStep({ stage: 'snapshot', progress: undefined });
      const finished = clock.sleep(takesMs, cancelled.signal).then(
        () => outcome,
        (): RunOutcome => ({ ...complete, result: 'cancelled', exitCode: 130 }),
      );
      return {
        pid: 1,
        finished,
        async end() {
          cancelled.abort();
          await finished;
        },
      };
    },
  };
}

import type { JobKind, ScheduledProject } from './project.ts';

/** How a run of a child process ended. */
export interface RunOutcome {
  /** `skipped`: somebody else's run of the project was going on. `cancelled`: it was asked to end. */
  readonly result: 'complete' | 'incomplete' | 'failed' | 'skipped' | 'cancelled';
  /** Whether the same thing may well succeed when it is tried again. */
  readonly retryable: boolean;
  readonly exitCode: number | null;
  readonly errorCode: string | undefined;
  /** What went wrong, for people. */
  readonly message: string | undefined;
  /** Of a process that ended without a word, which has told nobody: the signal, or the exit code. */
  readonly diedOf?: string;
}

export interface StartedRun {
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly finished: Promise<RunOutcome>;
  /** Asks it to end in order; one that does not is killed. Resolves when it is gone. `cancel`: a person wants that, and nobody has to be told. */
  end(why: 'cancel' | 'shutdown'): Promise<void>;
}

/** What a run has just told of itself. */
export interface RunStep {
  /** Undefined where it is still at the same. */
  readonly stage: string | undefined;
  /** What it does there, and how much of it is done; undefined where it did not say. */
  readonly progress: string | undefined;
}

/** Starts runs as processes of their own; tests put something else into its place. */
export interface RunStarter {
  start(project: ScheduledProject, kind: JobKind, onStep: (step: RunStep) => void): StartedRun;
}

/** What the run history of this machine knows. */
export interface RunHistory {
  /** When the newest run of this kind that was not cut short began; undefined when there is none. */
  lastRunAt(project: ScheduledProject, kind: JobKind): Date | undefined;
}

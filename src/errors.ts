import { exitCodeFor, type ErrorCode, type ExitCode } from './domain/exit-code.ts';

export interface AppErrorOptions {
  /** What to do next, as a sentence for the person who reads it at night. */
  readonly hint: string;
  readonly cause?: unknown;
  /** Whether the same thing may well succeed when it is tried again. */
  readonly retryable?: boolean;
}

/**
 * Every failure that a user can be told about: what happened (and what is still safe) in the message, what to do next in
 * the hint. Anything else that is thrown is a defect of the program.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
  }

  get exitCode(): ExitCode {
    return exitCodeFor(this.code);
  }
}

/** Another run of the project is going on. */
export class RunGoingOnError extends AppError {
  /** Its command; undefined when it is only just beginning or ending. */
  readonly running: string | undefined;

  constructor(message: string, running: string | undefined) {
    const hint = 'Wait until it ends (`agent status` shows it), then try again.';
    super('locked', message, { hint, retryable: true });
    this.running = running;
  }
}

/** The same error, which says more: what is safe by then, what else did not work. */
export function addToMessage(error: AppError, ...sentences: readonly string[]): AppError {
  const { code, message, hint, retryable } = error;
  return new AppError(code, [message, ...sentences].join(' '), { hint, retryable, cause: error });
}

/** Whether it says that what was archived cannot be relied upon. */
export function isDamage(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'verification_failed';
}

/**
 * The reason of a run's signal when a person has ended it (`agent cancel`, SIGINT) and does not have to be told. Whatever else ends
 * a run is another one.
 */
export const cancelReason = new Error('it was cancelled');

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

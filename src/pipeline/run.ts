import { randomUUID } from 'node:crypto';
import type { RunContext, RunRecord } from '../context.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import { AppError, messageOf } from '../errors.ts';

export interface RunFrame {
  readonly runId: string;
  readonly startedAt: Date;
  /** Private, made for this run alone, removed at its end; all children of the run work in it. */
  readonly directory: string;
}

interface RunRequest {
  readonly command: RunRecord['command'];
  readonly startedAt: Date;
  readonly backupId: string | undefined;
}

type Outcome = Pick<RunRecord, 'errorCode' | 'errorMessage'> & { readonly status: RunStatus };

/**
 * What every run has around it: the project's lock, a record in the run history whatever happens, a work directory that is gone
 * afterwards, and an interruption that has a name. Throws AppError locked when another run of the project is going on.
 */
export async function withRun<Result extends { status: RunStatus }>(
  context: RunContext,
  request: RunRequest,
  work: (frame: RunFrame) => Promise<Result>,
): Promise<Result> {
  const lock = await context.state.acquireLock();
  try {
    return await recordRun(context, request, work);
  } finally {
    context.progress.end();
    lock.release();
  }
}

async function recordRun<Result extends { status: RunStatus }>(
  context: RunContext,
  request: RunRequest,
  work: (frame: RunFrame) => Promise<Result>,
): Promise<Result> {
  const runId = randomUUID();
  const startedMs = context.clock.monotonicMs();
  const finish = async (outcome: Outcome): Promise<void> => {
    const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
    try {
      context.state.finishRun(runId, { ...outcome, durationMs });
    } finally {
      await context.metrics.runEnded({ ...request, status: outcome.status, durationMs });
    }
  };
  context.state.startRun({ runId, ...request });
  try {
    const result = await inWorkDirectory(context, runId, request, work);
    await finish({ status: result.status, errorCode: undefined, errorMessage: undefined });
    return result;
  } catch (error) {
    const cause = nameInterruption(context, error);
    try {
      await finish({
        status: 'failed',
        errorCode: cause instanceof AppError ? cause.code : 'failed',
        errorMessage: messageOf(cause),
      });
    } catch (unwritten) {
      // On a full disk, say: it must not hide what has happened.
      context.log.warn({ reason: messageOf(unwritten) }, 'the run history could not be written');
    }
    throw cause;
  }
}

async function inWorkDirectory<Result>(
  context: RunContext,
  runId: string,
  request: RunRequest,
  work: (frame: RunFrame) => Promise<Result>,
): Promise<Result> {
  const directory = await context.files.createWorkDirectory(runId);
  try {
    return await work({ runId, startedAt: request.startedAt, directory });
  } finally {
    await context.files.removeWorkDirectory(directory);
  }
}

function nameInterruption(context: RunContext, error: unknown): unknown {
  if (!context.signal.aborted || (error instanceof AppError && error.code === 'interrupted')) return error;
  return new AppError('interrupted', 'Interrupted. Nothing was left half done, and earlier backups are as they were.', {
    hint: 'Start the command again when it suits you.',
    cause: error,
  });
}

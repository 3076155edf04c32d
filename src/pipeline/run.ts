import { randomUUID } from 'node:crypto';
import type { RunContext, StageState } from '../context.ts';
import type { RunRecord } from '../state-store.ts';
import type { RunStatus } from '../domain/exit-code.ts';
import { outcomeEvent, type RunEnd } from '../domain/run-event.ts';
import { addToMessage, AppError, cancelReason, messageOf, RunGoingOnError } from '../errors.ts';
import { describeLimit } from '../domain/standstill.ts';
import { endStage } from './stage.ts';

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

/** How a run ended, and of which archives its log may tell the names. */
interface RunResult {
  readonly status: RunStatus;
  readonly archives?: readonly (string | { readonly name: string })[];
}

type Outcome = Pick<RunRecord, 'errorCode' | 'errorMessage'> & { readonly status: RunStatus; readonly durationMs: number };

/**
 * What every run has around it: the project's lock, a record in the run history whatever happens, a work directory that is gone
 * afterwards, and an interruption that has a name. The work gets a context whose log names the run and its stage in every line.
 * Throws RunGoingOnError when another run of the project is going on.
 */
export async function withRun<Result extends RunResult>(
  context: RunContext,
  request: RunRequest,
  work: (frame: RunFrame, context: RunContext) => Promise<Result>,
): Promise<Result> {
  const lock = await acquireTurn(context, request.command);
  const over = new AbortController();
  void limitRun(context, over.signal);
  try {
    return await recordRun(context, request, work);
  } finally {
    over.abort();
    context.progress.end();
    lock.release();
  }
}

const turnMs = 2_000;

/** The project's lock; who takes turns waits for it, unless the other run does the same: a backup reads its archive back itself. */
async function acquireTurn(context: RunContext, command: RunRequest['command']): Promise<{ release(): void }> {
  for (let told = false; ; told = true) {
    try {
      return await context.state.acquireLock();
    } catch (error) {
      if (!context.invocation.takesTurns || !(error instanceof RunGoingOnError)) throw error;
      const { running } = error;
      if (running === command || running === 'backup') throw error;
      if (!told) context.log.info({ running }, 'waiting for another run of this project to end');
      await context.clock.sleep(turnMs, context.signal);
    }
  }
}

/** Ends a run that goes on for longer than RUN_LIMIT, so that it does not keep others waiting for ever. */
async function limitRun(context: RunContext, over: AbortSignal): Promise<void> {
  const { runMs } = context.config.limits;
  if (runMs === undefined) return;
  await context.clock.sleep(runMs, over).catch(() => undefined);
  if (over.aborted) return;
  context.endRun(
    new AppError('timed_out', `The run went on for ${describeLimit(runMs)} and was ended.`, {
      hint: 'See in `agent logs` which stage took so long; if it needs that time, raise RUN_LIMIT (and TimeoutStartSec= of the units).',
    }),
  );
}

async function recordRun<Result extends RunResult>(
  outer: RunContext,
  request: RunRequest,
  work: (frame: RunFrame, context: RunContext) => Promise<Result>,
): Promise<Result> {
  const runId = randomUUID();
  const context = enterRun(outer, runId);
  const startedMs = context.clock.monotonicMs();
  const durationMs = (): number => Math.round(context.clock.monotonicMs() - startedMs);
  const { command, backupId } = request;
  const finish = async (outcome: Outcome): Promise<void> => {
    try {
      context.state.finishRun(runId, outcome);
    } finally {
      await context.metrics.runEnded({ ...request, status: nameOutcome(outcome), durationMs: outcome.durationMs });
    }
  };
  context.state.startRun({ runId, ...request });
  context.log.info({ event: 'start', command, backupId }, `${command} started`);
  try {
    const result = await inWorkDirectory(context, runId, request, work);
    const outcome = { status: result.status, errorCode: undefined, errorMessage: undefined, durationMs: durationMs() };
    await finish(outcome);
    logEnd(context, request, { ...outcome, archives: result.archives?.map(nameOf) });
    return result;
  } catch (error) {
    const cause = nameInterruption(context, error);
    const errorCode = cause instanceof AppError ? cause.code : 'failed';
    const outcome = { status: 'failed', errorCode, errorMessage: messageOf(cause), durationMs: durationMs() } as const;
    logEnd(context, request, { ...outcome, archives: undefined });
    try {
      await finish(outcome);
    } catch (unwritten) {
      // On a full disk, say: it must not hide what has happened.
      context.log.warn({ reason: messageOf(unwritten) }, 'the run history could not be written');
    }
    throw cause;
  }
}

function nameOf(archive: string | { readonly name: string }): string {
  return typeof archive === 'string' ? archive : archive.name;
}

function enterRun(context: RunContext, runId: string): RunContext {
  const stages: StageState = { current: undefined };
  const addStage = (line: object): object => ({ stage: stages.current?.name ?? 'run', ...line });
  return { ...context, stages, log: context.log.child({ runId }, { formatters: { log: addStage } }) };
}

/** One line, whose level says how it went. A stage that was going on when the run failed has ended before. */
function logEnd(
  context: RunContext,
  { command, backupId }: RunRequest,
  { status, ...facts }: Outcome & { readonly durationMs: number; readonly archives: readonly string[] | undefined },
): void {
  const outcome = nameOutcome({ status, ...facts });
  const level = { complete: 'info', incomplete: 'warn', cancelled: 'warn', failed: 'error' } as const;
  const line = { event: outcomeEvent(outcome), command, backupId, status, ...facts };
  const failure = outcome === 'cancelled' ? `${command} was cancelled` : `${command} failed: ${facts.errorMessage}`;
  const text = facts.errorMessage === undefined ? `${command} is ${status}` : failure;
  context.log[level[outcome]](line, text);
}

async function inWorkDirectory<Result>(
  context: RunContext,
  runId: string,
  request: RunRequest,
  work: (frame: RunFrame, context: RunContext) => Promise<Result>,
): Promise<Result> {
  const directory = await context.files.createWorkDirectory(runId);
  context.repository.keepTemporaryFilesIn(directory);
  try {
    const result = await work({ runId, startedAt: request.startedAt, directory }, context);
    endStage(context);
    return result;
  } catch (error) {
    const stage = context.stages?.current?.name;
    endStage(context, { failed: true });
    throw nameTimeout(context, error, stage);
  } finally {
    await context.files.removeWorkDirectory(directory);
  }
}

function nameOutcome({ status, errorCode }: Pick<Outcome, 'status' | 'errorCode'>): RunEnd {
  return errorCode === 'cancelled' ? 'cancelled' : status;
}

/** Whether a person has ended the run: that is no failure of it. */
export function isCancelled({ signal }: Pick<RunContext, 'signal'>): boolean {
  return signal.aborted && signal.reason === cancelReason;
}

/** When a time limit has ended the run, whatever broke by that is not what happened. What else it says (what is safe, what is left) stays. */
function nameTimeout({ signal }: RunContext, error: unknown, stage = 'run'): unknown {
  const reason: unknown = signal.reason;
  if (!(reason instanceof AppError)) return error;
  const told = error instanceof AppError && ['interrupted', reason.code].includes(error.code) ? error.message : '';
  const more = told.replace(reason.message, '').trim();
  const safe = more === '' ? 'Nothing was left half done, and earlier backups are as they were.' : more;
  const { code, message, hint, retryable } = addToMessage(reason, safe);
  return new AppError(code, `At stage ${stage}: ${message}`, { hint, retryable, cause: error });
}

function nameInterruption(context: RunContext, error: unknown): unknown {
  const named = error instanceof AppError && ['interrupted', 'timed_out'].includes(error.code);
  if (!context.signal.aborted || named) return error;
  const [code, what] = isCancelled(context) ? (['cancelled', 'Cancelled'] as const) : (['interrupted', 'Interrupted'] as const);
  return new AppError(code, `${what}. Nothing was left half done, and earlier backups are as they were.`, {
    hint: 'Start the command again when it suits you.',
    cause: error,
  });
}

import type { CommandResult } from '../context.ts';
import { exitCodes } from '../domain/exit-code.ts';
import { messageOf } from '../errors.ts';
import { projectArguments, type ChildOptions } from './child.ts';
import type { JobKind } from './project.ts';
import type { RunOutcome, RunStarter, RunStep } from './run.ts';

/** A run ends Borg and pg_dump in order first, each of which may take ten seconds. */
export const childKillDelayMs = 60_000;

const argumentsOf: Readonly<Record<JobKind, readonly string[]>> = {
  backup: ['backup'],
  database: ['backup', '--only', 'database'],
  verify: ['verify', '--data'],
  drill: ['drill'],
};

/**
 * Starts runs as processes of their own: what they take of memory goes with them, none of them can take the agent along, and the
 * project's lock is the same as with a timer. A child gets SIGTERM when the agent dies, however that happens.
 */
export function createRunStarter(options: ChildOptions): RunStarter {
  const { commands, program, projectsDirectory, onLine } = options;
  const [file, ...fixed] = program;
  return {
    start(project, kind, onStep) {
      const running = commands.start({
        file,
        args: [
          ...fixed,
          ...argumentsOf[kind],
          '--take-turns',
          ...projectArguments(project.name, projectsDirectory),
          '--log-level',
          'debug',
        ],
        killDelayMs: childKillDelayMs,
        // A second signal would end it without any order.
        ownSession: true,
        onStderrLine(line) {
          const step = readStep(line);
          if (step !== undefined) onStep(step);
          onLine(project.name, line);
        },
      });
      let cancelled = false;
      return {
        pid: running.pid,
        finished: running.finished.then((result) => judge(result, cancelled), toFailure),
        async end(why) {
          cancelled = true;
          // As Ctrl-C does: cli/run.ts tells a person by it from a system that goes down.
          await running.terminate(why === 'cancel' ? 'SIGINT' : 'SIGTERM');
        },
      };
    },
  };
}

/** What a line of the log tells of the stage (pipeline/stage.ts) and of the progress (cli/progress.ts): lines of level debug are among those. */
function readStep(line: string): RunStep | undefined {
  const { stage, progress } = parse(line) ?? {};
  const step = { stage: toText(stage), progress: toText(progress) };
  return step.stage === undefined && step.progress === undefined ? undefined : step;
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** How a run ended, by its exit code and its JSON document. */
export function judge(
  { exitCode, signal, stdout }: Pick<CommandResult, 'exitCode' | 'signal' | 'stdout'>,
  cancelled: boolean,
): RunOutcome {
  const { status, error } = (parse(stdout) ?? {}) as {
    status?: string;
    error?: { code?: string; message?: string; retryable?: boolean };
  };
  const told = { exitCode, errorCode: error?.code, message: error?.message, retryable: error?.retryable ?? false };
  if (exitCode === exitCodes.ok) return { ...told, result: status === 'skipped' ? 'skipped' : 'complete' };
  if (exitCode === exitCodes.incomplete)
    return { ...told, result: 'incomplete', message: 'something was not captured, or could not be checked' };
  if (cancelled || exitCode === exitCodes.interrupted) return { ...told, result: 'cancelled' };
  if (error !== undefined) return { ...told, result: 'failed' };
  const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
  const message = `the process of the run ended without a word (${how}); earlier backups are as they were`;
  return { ...told, result: 'failed', message, retryable: true, diedOf: signal ?? String(exitCode) };
}

function toFailure(error: unknown): RunOutcome {
  return { result: 'failed', retryable: false, exitCode: null, errorCode: 'tool_missing', message: messageOf(error) };
}

function parse(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

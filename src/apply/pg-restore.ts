import type { Readable } from 'node:stream';
import type { CommandResult, RunContext, RunningCommand } from '../context.ts';
import { connectionString } from '../domain/sql.ts';
import type { SkippedStatement } from '../domain/tolerant.ts';
import { readRestoreFailures } from './failures.ts';
import { isUnknownTimeout, setsUnknownTimeout } from './older-target.ts';
import { ownerOptions, type ApplyRequest } from './request.ts';
import { collectSkipped } from './run-script.ts';

export interface PgRestoreInput {
  readonly options: readonly string[];
  /** The dump; without it `source` names it. */
  readonly stdin?: Readable;
  /** Relative to the run's directory. */
  readonly source?: string;
  /** Gets each line that `pg_restore --verbose` says. */
  readonly onLine?: (line: string) => void;
}

export interface PgRestoreResult {
  /** Its stderr are the failures alone. */
  readonly result: CommandResult;
  readonly skipped: readonly SkippedStatement[];
}

/**
 * Runs a pg_restore that is connected to the target itself. Unless losses were accepted the first failure ends it.
 * Resolves when it is over, however that was; an abort of the run ends it.
 */
export async function runPgRestore(
  context: RunContext,
  request: ApplyRequest,
  input: PgRestoreInput,
): Promise<PgRestoreResult> {
  // That setting would end a strict pg_restore; a lenient one says so and goes on, and any other failure is ended here.
  const ended = !request.plan.tolerant && setsUnknownTimeout(request);
  const strictness = request.plan.tolerant || ended ? [] : ['--exit-on-error'];
  const failures = readRestoreFailures(request.plan.decisions);
  const skipped: SkippedStatement[] = [];
  const running: RunningCommand = context.commands.start({
    file: request.programs.pgRestore,
    args: [
      // Says which entry an error is about.
      '--verbose',
      ...strictness,
      ...input.options,
      ...ownerOptions(request.plan),
      `--dbname=${connectionString(request.database)}`,
      ...(input.source === undefined ? [] : [input.source]),
    ],
    env: request.environment,
    cwd: request.directory,
    ...(input.stdin === undefined ? {} : { stdin: input.stdin }),
    onStderrLine: (line) => {
      collectSkipped(skipped, line);
      input.onLine?.(line);
      if (isUnknownTimeout(line)) return;
      failures.note(line);
      if (ended && line.includes('error: ')) void running.terminate();
    },
  });
  const terminate = (): void => void running.terminate();
  context.signal.addEventListener('abort', terminate, { once: true });
  try {
    const result = await running.finished;
    // Nothing but that setting was in the way.
    const { lines } = failures;
    const harmless = lines.length === 0 && result.stderr.includes('errors ignored on restore');
    const told = lines.length > 0 ? { ...result, stderr: lines.join('\n') } : result;
    return {
      result: harmless ? { ...result, exitCode: 0, stderr: '' } : told,
      skipped: [...skipped, ...failures.skipped],
    };
  } finally {
    context.signal.removeEventListener('abort', terminate);
  }
}

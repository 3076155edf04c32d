import { Readable } from 'node:stream';
import type { RunContext } from '../context.ts';
import { parseSkipped, type SkippedStatement } from '../domain/tolerant.ts';
import { restoreError, withoutTimeLimits, type ApplyRequest } from './request.ts';

/**
 * Runs statements in one psql and one transaction of their own; answers what was skipped. A script that is cut short has no COMMIT.
 * Throws AppError restore_failed.
 */
export async function runScript(
  context: RunContext,
  request: ApplyRequest,
  { statements, whatIsLeft }: { readonly statements: readonly string[]; readonly whatIsLeft: string },
): Promise<SkippedStatement[]> {
  const skipped: SkippedStatement[] = [];
  const text = [...withoutTimeLimits, 'BEGIN;', ...statements, 'COMMIT;', ''].join('\n');
  const running = context.commands.start({
    file: request.programs.psql,
    args: ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--output=/dev/null', '--file=-'],
    env: request.environment,
    cwd: request.directory,
    stdin: Readable.from([text]),
    stdout: 'ignore',
    onStderrLine: (line) => collectSkipped(skipped, line),
  });
  const terminate = (): void => void running.terminate();
  context.signal.addEventListener('abort', terminate, { once: true });
  try {
    const result = await running.finished;
    context.signal.throwIfAborted();
    if (result.exitCode !== 0) throw restoreError(whatIsLeft, result);
    return skipped;
  } finally {
    context.signal.removeEventListener('abort', terminate);
  }
}

/** The same statement may be tried more than once. */
export function collectSkipped(skipped: SkippedStatement[], line: string): void {
  const found = parseSkipped(line);
  if (found === undefined || skipped.some(({ what, error }) => what === found.what && error === found.error)) return;
  skipped.push(found);
}

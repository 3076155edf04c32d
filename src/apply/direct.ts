import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { CommandResult, RunContext, RunningCommand } from '../context.ts';
import { archivePaths } from '../domain/manifest.ts';
import { connectionString } from '../domain/sql.ts';
import type { SkippedStatement } from '../domain/tolerant.ts';
import { AppError } from '../errors.ts';
import { readRestoreFailures } from './failures.ts';
import { isUnknownTimeout, setsUnknownTimeout } from './older-target.ts';
import { streamPlannedDump } from './dump-stream.ts';
import { countFinishedItems, type FinishedItems } from './finished-items.ts';
import { ownerOptions, restoreError, type ApplyRequest } from './request.ts';
import { collectSkipped, runScript } from './run-script.ts';

const stagedDump = 'full.dump';
const mayRemain = 'What was restored before that stays on the target.';
/** Room for the staged dump, with some to spare. */
const spareBytes = 256 * 1024 * 1024;

/**
 * Restores with pg_restore connected to the target, not in one transaction: for `--jobs`, and where losses were accepted.
 * (In one psql script a COPY into a table that could not be created would leave its rows to be read as SQL; pg_restore skips them.)
 * Answers the statements that failed; without accepted losses the first one ends the restore. Throws AppError restore_failed.
 */
export async function applyDirectly(
  context: RunContext,
  request: ApplyRequest,
  jobs: number | undefined,
): Promise<SkippedStatement[]> {
  const { script, tolerant, keepOwners } = request.plan;
  if (jobs !== undefined) await stageDump(context, request);
  const before = await runScript(context, request, {
    statements: script.before,
    whatIsLeft: 'Nothing of it stayed on the target.',
  });
  if (jobs !== undefined) context.progress.step(`Restoring with ${jobs} jobs`);
  const { result, skipped, done } =
    jobs === undefined ? await streamDump(context, request) : await restoreStaged(context, request, jobs);
  context.signal.throwIfAborted();
  if (result.exitCode !== 0 && !(tolerant && skipped.length > 0)) throw restoreError(`${mayRemain} ${done.describe()}`, result);
  const statements = keepOwners ? [] : [script.preparation, ...script.after];
  return [...before, ...skipped, ...(await runScript(context, request, { statements, whatIsLeft: mayRemain }))];
}

async function streamDump(context: RunContext, request: ApplyRequest): Promise<DirectResult> {
  const reading = context.repository.startRead(request.archive, archivePaths.dump);
  try {
    const stdin = streamPlannedDump(context, request, { dump: reading.stdout!, finish: [] });
    const result = await runRestore(context, request, { options: [], stdin, source: [] });
    reading.stdout!.destroy();
    const read = await reading.finished;
    if (!read.stderr.includes('BrokenPipe')) context.repository.assertRead(read);
    return result;
  } finally {
    await reading.terminate();
  }
}

/** Only a file can be read by several jobs at once. Borg checks every byte while it writes it, before the target is touched. */
async function stageDump(context: RunContext, request: ApplyRequest): Promise<void> {
  await assertRoom(context, request);
  const reading = context.repository.startRead(request.archive, archivePaths.dump);
  try {
    const dump = streamPlannedDump(context, request, { dump: reading.stdout!, finish: [] });
    await context.files.saveStream(join(request.directory, stagedDump), dump);
    context.repository.assertRead(await reading.finished);
  } finally {
    await reading.terminate();
  }
}

function restoreStaged(context: RunContext, request: ApplyRequest, jobs: number): Promise<DirectResult> {
  return runRestore(context, request, { options: [`--jobs=${jobs}`], source: [stagedDump] });
}

async function assertRoom(context: RunContext, request: ApplyRequest): Promise<void> {
  const needed = (request.sizes?.originalBytes ?? 0) + spareBytes;
  const free = await context.files.freeBytes(request.directory);
  if (free >= needed) return;
  throw new AppError(
    'no_space',
    `A restore with --jobs needs ${toMebibytes(needed)} MiB below STATE_DIR; ${toMebibytes(free)} MiB are free. Nothing was touched.`,
    {
      hint: 'Restore without --jobs, which streams and needs no room, or point STATE_DIR to a larger disk.',
    },
  );
}

function toMebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}

interface DirectResult {
  readonly done: FinishedItems;
  readonly result: CommandResult;
  readonly skipped: readonly SkippedStatement[];
}

interface RestoreInput {
  readonly options: readonly string[];
  readonly stdin?: Readable;
  readonly source: readonly string[];
}

async function runRestore(context: RunContext, request: ApplyRequest, input: RestoreInput): Promise<DirectResult> {
  // That setting would end a strict pg_restore; a lenient one says so and goes on, and any other failure is ended here.
  const ended = !request.plan.tolerant && setsUnknownTimeout(request);
  const strictness = request.plan.tolerant || ended ? [] : ['--exit-on-error'];
  const failures = readRestoreFailures(request.plan.decisions);
  const skipped: SkippedStatement[] = [];
  const done = countFinishedItems(request.plan.decisions);
  const running: RunningCommand = context.commands.start({
    file: request.programs.pgRestore,
    args: [
      // Says which entry an error is about.
      '--verbose',
      ...strictness,
      ...input.options,
      ...ownerOptions(request.plan),
      `--dbname=${connectionString(request.database)}`,
      ...input.source,
    ],
    env: request.environment,
    cwd: request.directory,
    ...(input.stdin === undefined ? {} : { stdin: input.stdin }),
    onStderrLine: (line) => {
      collectSkipped(skipped, line);
      done.note(line);
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
      done,
      result: harmless ? { ...result, exitCode: 0, stderr: '' } : told,
      skipped: [...skipped, ...failures.skipped],
    };
  } finally {
    context.signal.removeEventListener('abort', terminate);
  }
}

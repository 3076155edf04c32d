import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { CommandResult, RunContext, RunningCommand } from '../context.ts';
import { archivePaths } from '../domain/manifest.ts';
import { connectionString } from '../domain/sql.ts';
import { AppError } from '../errors.ts';
import { isUnknownTimeout, setsUnknownTimeout } from './older-target.ts';
import { followBytes } from './progress.ts';
import { createRoleStatements } from './roles.ts';
import { ownerOptions, restoreError, type ApplyRequest } from './request.ts';

const stagedDump = 'full.dump';
const mayRemain = 'What was restored before that stays on the target.';
/** Room for the staged dump, with some to spare. */
const spareBytes = 256 * 1024 * 1024;

/**
 * Restores with pg_restore connected to the target, not in one transaction: for `--jobs`, and where losses were accepted.
 * (In one psql script a COPY into a table that could not be created would leave its rows to be read as SQL; pg_restore skips them.)
 * Answers the statements that failed; without accepted losses the first one ends the restore. Throws AppError restore_failed.
 */
export async function applyDirectly(context: RunContext, request: ApplyRequest, jobs: number | undefined): Promise<string[]> {
  const result = jobs === undefined ? await streamDump(context, request) : await stageDump(context, request, jobs);
  context.signal.throwIfAborted();
  const failures = parseFailures(result.stderr);
  const tolerated = request.plan.tolerant && failures.length > 0;
  if (result.exitCode !== 0 && !tolerated) throw restoreError(mayRemain, result);
  return failures;
}

async function createRoles(context: RunContext, request: ApplyRequest): Promise<void> {
  const session = await context.databases.connect(request.connection);
  try {
    await session.query('BEGIN');
    for (const statement of createRoleStatements(request.plan.missingRoles, request.roles)) await session.query(statement);
    await session.query('COMMIT');
  } finally {
    await session.close();
  }
}

async function streamDump(context: RunContext, request: ApplyRequest): Promise<CommandResult> {
  await createRoles(context, request);
  const reading = context.repository.startRead(request.archive, archivePaths.dump);
  try {
    const stdin = followBytes(reading.stdout!, context.progress, request.sizes);
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
async function stageDump(context: RunContext, request: ApplyRequest, jobs: number): Promise<CommandResult> {
  await assertRoom(context, request);
  const reading = context.repository.startRead(request.archive, archivePaths.dump);
  try {
    const dump = followBytes(reading.stdout!, context.progress, request.sizes);
    await context.files.saveStream(join(request.directory, stagedDump), dump);
    context.repository.assertRead(await reading.finished);
  } finally {
    await reading.terminate();
  }
  context.progress.step(`Restoring with ${jobs} jobs`);
  await createRoles(context, request);
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

interface RestoreInput {
  readonly options: readonly string[];
  readonly stdin?: Readable;
  readonly source: readonly string[];
}

async function runRestore(context: RunContext, request: ApplyRequest, input: RestoreInput): Promise<CommandResult> {
  // That setting would end a strict pg_restore; a lenient one says so and goes on, and any other failure is ended here.
  const ended = !request.plan.tolerant && setsUnknownTimeout(request);
  const strictness = request.plan.tolerant || ended ? [] : ['--exit-on-error'];
  const lines: string[] = [];
  const running: RunningCommand = context.commands.start({
    file: request.programs.pgRestore,
    args: [
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
      if (!line.includes('error: ') || isUnknownTimeout(line)) return;
      if (lines.length < maximumFailureLines) lines.push(line);
      if (ended) void running.terminate();
    },
  });
  const terminate = (): void => void running.terminate();
  context.signal.addEventListener('abort', terminate, { once: true });
  try {
    const result = await running.finished;
    if (lines.length > 0) return { ...result, stderr: lines.join('\n') };
    // Nothing but that setting was in the way.
    return result.stderr.includes('errors ignored on restore') ? { ...result, exitCode: 0, stderr: '' } : result;
  } finally {
    context.signal.removeEventListener('abort', terminate);
  }
}

const maximumFailureLines = 1000;

/** pg_restore names each statement that failed: `pg_restore: error: could not execute query: ERROR:  ...`. */
function parseFailures(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line.includes('could not execute query') || line.includes('COPY failed'))
    .map((line) => line.replace(/^pg_restore: error: (could not execute query: )?/, '').replace(/^ERROR: +/, ''));
}

import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CommandResult, RunContext, RunningCommand } from '../context.ts';
import { archivePaths } from '../domain/manifest.ts';
import type { SkippedStatement } from '../domain/tolerant.ts';
import { readScriptFailures, type Failures } from './failures.ts';
import { setsUnknownTimeout, withoutUnknownTimeout } from './older-target.ts';
import { streamPlannedDump } from './dump-stream.ts';
import { collectSkipped } from './run-script.ts';
import { ownerOptions, restoreError, wholeDump, withoutTimeLimits, type ApplyRequest, type DumpSections } from './request.ts';

const scriptPath = 'restore.sql';
const untouched = 'Nothing of it stayed on the target.';

export interface TransactionPart {
  readonly sections: DumpSections;
  /** What that is, for people: `all of it`. */
  readonly what: string;
  /** The last statements before the COMMIT. */
  readonly finish: readonly string[];
}

/**
 * Streams the dump from Borg through pg_restore into one psql, all of it in one transaction.
 *
 * The COMMIT is the last thing that pg_restore prints (`--single-transaction`), and it prints it only when it has read the whole
 * dump. So whatever breaks before, Borg, pg_restore or this program, psql comes to the end of its script without a COMMIT, and the
 * server rolls back. psql's own --single-transaction would commit a script that was cut short.
 * Answers the statements that were tried and refused. Throws AppError restore_failed.
 */
export async function applyInOneTransaction(
  context: RunContext,
  request: ApplyRequest,
  part: TransactionPart = { sections: wholeDump, what: 'all of it', finish: request.plan.script.after },
): Promise<SkippedStatement[]> {
  const script = join(request.directory, scriptPath);
  await context.files.createFifos([script]);
  const skipped: SkippedStatement[] = [];
  const failures = readScriptFailures();
  const psql = startPsql(context, request, { skipped, failures });
  const running = new Set<RunningCommand>([psql]);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const terminateAll = (): void => running.forEach((command) => void command.terminate());
  signal.addEventListener('abort', terminateAll, { once: true });
  void psql.finished.then(() => stop.abort());
  try {
    const sink = await openScript(context, script, psql, signal);
    await write(sink, preamble(request));
    const read = await feed(context, request, { running, sink, part, stopped: stop.signal });
    sink.end();
    const applied = await psql.finished;
    context.signal.throwIfAborted();
    assertApplied(context, { applied: tellFailures(applied, failures), ...read }, part);
    return skipped;
  } finally {
    terminateAll();
    await Promise.all([...running].map(({ finished }) => finished.catch(() => undefined)));
  }
}

function startPsql(
  context: RunContext,
  request: ApplyRequest,
  { skipped, failures }: { readonly skipped: SkippedStatement[]; readonly failures: Failures },
): RunningCommand {
  return context.commands.start({
    file: request.programs.psql,
    args: ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--echo-errors', '--output=/dev/null', `--file=${scriptPath}`],
    env: request.environment,
    cwd: request.directory,
    stdout: 'ignore',
    onStderrLine: (line) => {
      collectSkipped(skipped, line);
      failures.note(line);
    },
  });
}

/** psql opens its script only after it has connected: when it cannot, the pipe never gets a reader. */
async function openScript(context: RunContext, script: string, psql: RunningCommand, signal: AbortSignal): Promise<Writable> {
  try {
    const sink = await context.files.openFifoForWriting(script, signal);
    // A psql that has stopped at an error closes the pipe; its own message says why.
    sink.on('error', () => undefined);
    return sink;
  } catch {
    context.signal.throwIfAborted();
    throw restoreError(untouched, await psql.finished);
  }
}

function tellFailures(applied: CommandResult, { lines }: Failures): CommandResult {
  return lines.length === 0 ? applied : { ...applied, stderr: lines.join('\n') };
}

/** pg_restore's own BEGIN only warns inside of a transaction, and that is kept quiet until it sets its own level. */
function preamble({ plan }: ApplyRequest): string {
  return [...withoutTimeLimits, 'BEGIN;', ...plan.script.before, 'SET client_min_messages = error;', ''].join('\n');
}

async function write(sink: Writable, text: string): Promise<void> {
  if (!sink.write(text)) await once(sink, 'drain').catch(() => undefined);
}

interface ReadResults {
  readonly read: CommandResult;
  readonly translated: CommandResult;
  /** Whether Borg or pg_restore broke off while psql was still there. */
  readonly brokeFirst: boolean;
}

interface Psql {
  readonly running: Set<RunningCommand>;
  readonly sink: Writable;
  readonly part: TransactionPart;
  /** Aborted when psql has ended. */
  readonly stopped: AbortSignal;
}

async function feed(context: RunContext, request: ApplyRequest, { running, sink, part, stopped }: Psql): Promise<ReadResults> {
  const reading = context.repository.startRead(request.archive, archivePaths.dump);
  running.add(reading);
  const filtered = setsUnknownTimeout(request);
  const translating = context.commands.start({
    file: request.programs.pgRestore,
    args: ['--single-transaction', ...part.sections, ...ownerOptions(request.plan), `--file=${filtered ? '-' : scriptPath}`],
    env: request.environment,
    cwd: request.directory,
    stdin: streamPlannedDump(context, request, { dump: reading.stdout!, finish: part.finish }),
    stdout: filtered ? 'pipe' : 'ignore',
  });
  running.add(translating);
  // A pipe that breaks is told by the ends of the programs on both sides.
  if (filtered) await pipeline(translating.stdout!, withoutUnknownTimeout(), sink).catch(() => undefined);
  const translated = await translating.finished;
  const brokeFirst = translated.exitCode !== 0 && !stopped.aborted && !lostItsReader(translated);
  reading.stdout!.destroy();
  return { translated, brokeFirst, read: await reading.finished };
}

/** psql closes the pipe while it ends, and may be seen to end only after the one who wrote into that. */
function lostItsReader({ signal, stderr }: CommandResult): boolean {
  return signal === 'SIGPIPE' || stderr.includes('Broken pipe');
}

/** https://www.postgresql.org/docs/current/app-psql.html#R2-APP-PSQL-EXIT-STATUS */
const connectionLost = 2;

function assertApplied(
  context: RunContext,
  results: ReadResults & { applied: CommandResult },
  { what }: TransactionPart,
): void {
  const { applied, translated, read, brokeFirst } = results;
  // The COMMIT may have been on its way: then nobody here has heard what became of it.
  if ((applied.exitCode === connectionLost || applied.signal !== null) && translated.exitCode === 0)
    throw restoreError(allOrNothing(what), applied);
  // A script that was cut short may be an error to psql, too: half a row says nothing of the backup.
  if (applied.exitCode !== 0 && !brokeFirst) throw restoreError(untouched, applied);
  if (translated.exitCode === 0) return;
  // Borg's own error, of which pg_restore sees only a dump that ends too early; not what it says of a reader that is gone.
  if (!read.stderr.includes('BrokenPipe')) context.repository.assertRead(read);
  throw restoreError(untouched, translated);
}

function allOrNothing(what: string): string {
  return `The connection broke near the end: either ${what} is on the target by now, or nothing; \`agent compare\` tells.`;
}

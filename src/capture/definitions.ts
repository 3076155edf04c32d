import type { Command, CommandRunner, PostgresPrograms, Session } from '../context.ts';
import { parseDumpHead, type DumpEntry } from '../domain/dump-head.ts';
import type { Definition } from '../domain/drift-selection.ts';
import { sqlStateOf } from '../domain/sql-state.ts';
import { AppError, messageOf } from '../errors.ts';

export interface DefinitionsRequest {
  readonly commands: CommandRunner;
  readonly programs: PostgresPrograms;
  /** From `clientEnvironment`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly options: readonly string[];
  readonly signal: AbortSignal;
}

const dumpOptions = [
  '--format=custom',
  '--compress=0',
  '--schema-only',
  '--encoding=UTF8',
  '--no-privileges',
  '--no-security-labels',
  '--no-subscriptions',
];

/** All definitions of a database: the table of contents of a dump without rows, which says how each thing is made and dropped. */
export async function dumpDefinitions(request: DefinitionsRequest): Promise<readonly DumpEntry[]> {
  const bytes = await readOutput(request, {
    file: request.programs.pgDump,
    args: [...dumpOptions, ...request.options],
    env: request.environment,
  });
  return parseDumpHead(bytes).head.entries;
}

async function readOutput({ commands, signal }: DefinitionsRequest, command: Command): Promise<Buffer> {
  signal.throwIfAborted();
  const running = commands.start({ ...command, stdout: 'pipe' });
  const terminate = (): void => void running.terminate();
  signal.addEventListener('abort', terminate, { once: true });
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of running.stdout!) chunks.push(chunk as Buffer);
    const { exitCode, stderr } = await running.finished;
    signal.throwIfAborted();
    if (exitCode === 0) return Buffer.concat(chunks);
    throw new AppError('failed', `The definitions could not be dumped: ${stderr.trim()}`, { hint: 'See what pg_dump says.' });
  } finally {
    signal.removeEventListener('abort', terminate);
  }
}

interface FailedDefinition {
  readonly definition: Definition;
  /** What the server said. */
  readonly error: string;
}

/**
 * Makes one thing after the other; answers those that could not be made. A dump empties search_path, which breaks generated columns,
 * indexes and checks that call functions which name others without their schema: so what failed is tried again with the
 * search_path of the role.
 */
export async function loadDefinitions(
  session: Session,
  definitions: readonly Definition[],
  signal: AbortSignal,
): Promise<FailedDefinition[]> {
  await session.query('SET check_function_bodies = false; SET xmloption = content; SET row_security = off');
  let failed = await loadAll(session, definitions, signal);
  await session.query('RESET search_path');
  for (let before = Infinity; failed.length > 0 && failed.length < before;) {
    before = failed.length;
    const again = failed.map(({ definition }) => definition);
    failed = await loadAll(session, again, signal);
  }
  return failed;
}

async function loadAll(session: Session, definitions: readonly Definition[], signal: AbortSignal): Promise<FailedDefinition[]> {
  const failed: FailedDefinition[] = [];
  for (const definition of definitions) {
    const refusal = await tryQuery(session, definition.definition!, signal);
    if (refusal !== undefined) failed.push({ definition, error: refusal.message });
  }
  return failed;
}

export interface Refusal {
  /** Five characters: https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly sqlState: string;
  readonly message: string;
}

/** Runs SQL; answers what the server says against it. Throws when there is no answer, or the signal is aborted. */
export async function tryQuery(session: Session, sql: string, signal: AbortSignal): Promise<Refusal | undefined> {
  try {
    await session.query(sql);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const sqlState = sqlStateOf(error);
    if (sqlState === undefined) throw error;
    return { sqlState, message: messageOf((error as AppError).cause) };
  }
}

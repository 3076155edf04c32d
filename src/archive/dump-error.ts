import type { CommandResult } from '../context.ts';
import { AppError } from '../errors.ts';

/** What libpq says of a connection that could not be made, or is gone. */
const lostConnection =
  /server closed the connection|terminating connection|connection to server .* (failed|was lost)|could not (connect|receive data|send data)|no connection to the server|SSL (SYSCALL error|connection has been closed)/;
/** The session that has exported the snapshot is gone, and the snapshot with it. */
const lostSnapshot = /invalid snapshot identifier|could not import the requested snapshot/;

/** Throws when a dump did not end well. Nothing of it becomes an archive, and what was archived before stays as it is. */
export function assertDumped(path: string, result: CommandResult): void {
  if (result.exitCode === 0) return;
  const said = firstErrors(result.stderr);
  const how = result.signal === null ? said : `ended by ${result.signal}${said === '' ? '' : `: ${said}`}`;
  const lost = lostConnection.test(result.stderr) || lostSnapshot.test(result.stderr);
  throw new AppError(
    lost ? 'source_unreachable' : 'dump_failed',
    `${path} could not be dumped: ${how || `code ${result.exitCode}`} No archive was made; earlier ones are safe.`,
    { hint: hintFor(result.stderr, lost), retryable: lost || result.signal !== null, cause: result },
  );
}

/** Whether an error only says that the reader of a pipe has gone. */
export function isBrokenPipe(error: unknown): boolean {
  if ((error as { code?: unknown }).code === 'EPIPE') return true;
  const cause = (error as { cause?: Partial<CommandResult> }).cause;
  return cause?.signal === 'SIGPIPE' || /Broken pipe/.test(cause?.stderr ?? '');
}

function firstErrors(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => /error|fatal|detail/i.test(line));
  const text = (lines.length > 0 ? lines : stderr.split('\n').filter((line) => line !== '')).slice(0, 3).join(' ');
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}

function hintFor(stderr: string, lost: boolean): string {
  if (lostSnapshot.test(stderr)) {
    return 'The session that held the snapshot was ended while it waited for the dump, as a pooler or a time limit does: take the direct connection, or allow sessions to wait, then run the backup again.';
  }
  if (lost)
    return 'The server ended the connection (a restart, a time limit, or out of memory): see its log, then run the backup again.';
  if (/server version mismatch/.test(stderr)) {
    return "Install client programs of the server's major version (postgresql-client-N), or point PG_BIN_DIR to them.";
  }
  if (/permission denied/.test(stderr)) {
    return 'Grant the role what it lacks (pg_read_all_data covers every table), or connect with another one; `agent doctor` lists it.';
  }
  if (/row-level security/.test(stderr)) return 'Give the role BYPASSRLS, so that no row is hidden from the backup.';
  return 'Run `agent doctor`, then the backup again; PostgreSQL said in its message what stopped it.';
}

import type { CommandResult } from '../../context.ts';
import { noRoomMessage } from '../../domain/no-room.ts';
import { sqlStateOf } from '../../domain/sql-state.ts';
import { AppError } from '../../errors.ts';

/** "if the connection to the server went bad": https://www.postgresql.org/docs/current/app-psql.html, Exit Status */
const psqlLostServer = 2;
const lostServer = /server closed the connection unexpectedly|connection to server .* failed/;

const diskFull = '53100';

/**
 * What broke a rehearsed restore, if that was this machine and not the backup: its programs or its server were ended, or its disk is full.
 * Undefined for anything else.
 * @param error restore_failed, caused by the end of a program
 */
export function brokenByMachine(error: AppError): AppError | undefined {
  const { signal, exitCode, stderr } = error.cause as CommandResult;
  if (noRoomMessage.test(stderr)) return noRoom(error);
  if (signal === null && exitCode !== psqlLostServer && !lostServer.test(stderr)) return undefined;
  return brokenOff(error);
}

/** The same of what a session has thrown: an answer that the server gave says something of what was asked, and none nothing. */
export function sessionBrokenByMachine(error: unknown): AppError | undefined {
  if (!(error instanceof AppError && error.code === 'source_unreachable')) return undefined;
  const sqlState = sqlStateOf(error);
  if (sqlState === diskFull) return noRoom(error);
  return sqlState === undefined ? brokenOff(error) : undefined;
}

/** The same where pg_restore went on: a disk that was full for one entry says nothing of the backup either. */
export function assertRoomForAll(refused: readonly string[]): void {
  const line = refused.find((statement) => noRoomMessage.test(statement));
  if (line !== undefined) throw noRoom(new Error(line));
}

function noRoom(cause: Error): AppError {
  return new AppError('no_space', `There was no room left for the scratch server of the drill. ${cause.message}`, {
    hint: 'Make room on that file system, or point STATE_DIR (as root: TMPDIR, otherwise /var/tmp) to a larger one; then drill again.',
    cause,
  });
}

function brokenOff(cause: Error): AppError {
  return new AppError('restore_failed', `The drill was broken off: its server or a program of it was ended. ${cause.message}`, {
    hint: 'This says nothing of the backup. See whether memory ran out (journalctl -k), then drill again.',
    cause,
  });
}

import type { ConnectionConfig } from '../../config/project-config.ts';
import { AppError, messageOf } from '../../errors.ts';

/** SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const transientCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EAI_AGAIN', '57P03', '53300']);

/** Whether the same connection may well succeed in a moment: the server starts, or all its connections are in use. */
export function isTransient(error: unknown): boolean {
  return transientCodes.has(codeOf(error));
}

/** The server has ended the session, or nothing comes through any more; what node-postgres says of that has no code. */
const brokenCodes = new Set(['57P01', '57P02', '08000', '08003', '08006', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH']);
const brokenMessages = /^Connection terminated|^Client has encountered a connection error|^timeout expired/;

function isBroken(error: unknown): boolean {
  return brokenCodes.has(codeOf(error)) || brokenMessages.test(messageOf(error));
}

/** What a person can do about a connection that failed or broke, or about a query that was refused. */
export function connectionError(connection: ConnectionConfig, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const where = `${connection.user}@${connection.host}:${connection.port}/${connection.database}`;
  return new AppError('source_unreachable', `PostgreSQL at ${where}: ${messageOf(error)}`, {
    hint: hintFor(codeOf(error), messageOf(error), connection),
    retryable: isTransient(error) || isBroken(error),
    cause: error,
  });
}

function hintFor(code: string, message: string, connection: ConnectionConfig): string {
  if (code === '28P01' || code === '28000')
    return 'The user or password is wrong: check SUPABASE_DB_URL or SUPABASE_DB_PASSWORD.';
  // What node-postgres says when the server wants a password and we have none.
  if (/client password must be a string/.test(message)) {
    return 'The server asks for a password: put it into SUPABASE_DB_URL, or set SUPABASE_DB_PASSWORD.';
  }
  if (code === '3D000') return 'There is no such database: check the last part of SUPABASE_DB_URL.';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENETUNREACH') return unreachableHint(connection);
  if (code === '53300') return 'The server has no connection to spare; try again later or raise its limit.';
  if (code === 'ECONNREFUSED')
    return 'Nothing listens there, or the server is starting: check host, port and firewall, then try again.';
  if (/certificate|self.signed/i.test(message)) return 'TLS could not be verified: check SUPABASE_DB_CA_FILE and sslmode.';
  if (/Tenant or user not found/i.test(message))
    return "The pooler does not know this project: check its region's host and that the user is postgres.REF.";
  if (code.startsWith('57P') || code === 'ECONNRESET' || /terminated/i.test(message)) {
    return 'The server ended the connection (a restart, a time limit, or out of memory): see its log, then try again.';
  }
  return 'Run `agent doctor`: it checks the connection, TLS and privileges one by one.';
}

function unreachableHint(connection: ConnectionConfig): string {
  const direct = /^db\..*\.supabase\.(co|com)$/.test(connection.host);
  return direct
    ? 'The direct host of a Supabase project is IPv6 only: set SUPABASE_DB_HOST to the session pooler (port 5432), or give this machine IPv6.'
    : 'Check the host name and the name servers of this machine.';
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

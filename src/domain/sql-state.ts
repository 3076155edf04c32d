/**
 * The SQLSTATE by which a server refused a statement in a session that goes on; undefined when there is none, or when it stands for the end
 * of the session (08: connection; 57P: the server stops). Five characters: https://www.postgresql.org/docs/current/errcodes-appendix.html
 * @param error what a session threw: the server's own error is its cause
 */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as { code?: unknown };
  // With a digit: not EPIPE.
  return typeof code === 'string' && /^(?!08|57P)(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

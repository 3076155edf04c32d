/** Why a message did not arrive, in words of our own: those of servers and libraries may quote an address with its token. */
export class NotifyError extends Error {
  /** Whether it may well arrive when it is sent again. */
  readonly passing: boolean;

  constructor(message: string, passing: boolean) {
    super(message);
    this.passing = passing;
  }
}

const texts: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ETIMEDOUT: 'there was no answer in time',
};

/** Of anything that a socket throws only the code is told. */
export function fromSocketError(error: unknown): NotifyError {
  if (error instanceof NotifyError) return error;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return new NotifyError('there was no answer in time', true);
  const known = typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'unknown error';
  if (/CERT|LEAF_SIGNATURE/.test(known)) return new NotifyError("the server's certificate is not trusted", false);
  return new NotifyError(texts[known] ?? `it could not be sent (${known})`, true);
}

import { StorageError, type StorageFailure } from '../../domain/storage/storage-error.ts';

/** What the server answered instead of what it was asked for. */
export interface Refusal {
  /** What was asked for, for messages: "bucket docs". */
  readonly what: string;
  /** Of HTTP. */
  readonly status: number;
  readonly contentType: string;
  /** The beginning of it. */
  readonly body: string;
  readonly retryAfterMs: number | undefined;
}

/** What the Storage API says of an error. */
interface ErrorBody {
  readonly statusCode?: unknown;
  readonly error?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
}

/** Characters of a server's message that are worth passing on. */
const messageLength = 300;

/**
 * What an answer that is no success means. The Storage API answers nearly everything with HTTP 400, and the real status stands in the
 * body as text ("404"). A 404 that does not come from the Storage API (a proxy, another site) does not say that an object is missing.
 */
export function toStorageError(refusal: Refusal): StorageError {
  const body = parseBody(refusal.body) ?? readText(refusal);
  const status = realStatus(refusal.status, body);
  const options = refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs };
  return new StorageError(failureOf(status, body), describe(refusal, status, body), options);
}

/** What a connection that failed means: anything may be better the next time. */
export function toTransportError(what: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new StorageError('transient', `${what}: ${reasons[code ?? ''] ?? (message === '' ? String(code) : message)}.`, {
    cause: error,
  });
}

/** Codes of undici and of the system. */
const reasons: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: 'the server did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'the server went silent before the end',
  UND_ERR_CONNECT_TIMEOUT: 'no connection could be made in time',
  UND_ERR_SOCKET: 'the connection was closed before the end',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'another number of bytes came than the server had said',
  ECONNRESET: 'the connection was reset',
  ECONNREFUSED: 'the connection was refused',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
};

/**
 * Milliseconds that a Retry-After asks for: seconds, or a date, which is compared with the server's own. Undefined when there is none or it
 * is neither.
 */
export function parseRetryAfter(value: string | undefined, serverDate: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  if (Number.isNaN(until)) return undefined;
  const from = serverDate === undefined ? Number.NaN : Date.parse(serverDate);
  return Math.max(0, until - (Number.isNaN(from) ? now.getTime() : from));
}

function parseBody(text: string): ErrorBody | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Resumable uploads are refused in plain words: "Bucket not found". */
function readText({ contentType, body, status }: Refusal): ErrorBody | undefined {
  const text = body.trim();
  if (!/^text\/plain\b/i.test(contentType) || text === '' || text.length > messageLength) return undefined;
  return { statusCode: String(status), error: text, message: text };
}

function realStatus(status: number, body: ErrorBody | undefined): number {
  const told = Number(body?.statusCode);
  return status === 400 && told >= 400 && told < 600 ? told : status;
}

function failureOf(status: number, body: ErrorBody | undefined): StorageFailure {
  if (isAboutKey(body) || [401, 402, 403].includes(status)) return 'refused';
  if (status === 404) return isAboutObject(body) ? 'missing' : 'transient';
  if ([408, 423, 425, 429].includes(status) || status >= 500 || status < 300) return 'transient';
  return status < 400 ? 'refused' : 'invalid';
}

/** Also where the status says less: a missing header is a 400, and older servers said so of expired tokens. */
function isAboutKey(body: ErrorBody | undefined): boolean {
  const isNamed = [body?.error, body?.code].some((text) =>
    /^(Unauthorized|InvalidJWT|AccessDenied|InvalidSignature)$/.test(String(text)),
  );
  return isNamed || /required property 'authorization'|jwt expired|invalid jwt/i.test(String(body?.message));
}

/** Not that of a route that is unknown, which has an error "Not Found" too. */
function isAboutObject(body: ErrorBody | undefined): boolean {
  if (body?.statusCode === undefined || String(body.message).startsWith('Route ')) return false;
  const { code, error } = body;
  return (
    /^NoSuch(Key|Bucket|Upload)$/.test(String(code)) || /^(not_found|not found|(bucket|object) not found)$/i.test(String(error))
  );
}

function describe({ what, status: httpStatus, contentType }: Refusal, status: number, body: ErrorBody | undefined): string {
  const message = typeof body?.message === 'string' ? body.message : undefined;
  if (message !== undefined) return `${what}: the server answered ${status}: ${printable(message)}`;
  const kind = /html/i.test(contentType) ? ' with a web page' : '';
  return `${what}: the server answered HTTP ${httpStatus}${kind}, which is not what the Storage API says.`;
}

function printable(message: string): string {
  // oxlint-disable-next-line no-control-regex
  return message.slice(0, messageLength).replaceAll(/[\u0000-\u001f\u007f]+/g, ' ');
}

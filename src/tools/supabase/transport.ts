import { Readable } from 'node:stream';
import type { Dispatcher, Pool } from 'undici';
import { BufferPool } from '../../buffer-pool.ts';
import type { Clock } from '../../context.ts';
import type { Secret } from '../../config/project-config.ts';
import { defaultRetryDelayMs, type RetryPolicy } from '../../object-requests.ts';
import { systemClock } from '../clock.ts';
import { parseRetryAfter, toStorageError, toTransportError } from './failures.ts';

export interface TransportOptions {
  /** SUPABASE_URL. */
  readonly url: string;
  readonly key: Secret;
  /** Connections at most; each carries one request at a time. */
  readonly concurrency: number;
  readonly agentVersion: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits?: Partial<TimeLimits>;
  /** How often a part of an upload is sent again; 5 unless given. */
  readonly retries?: number;
}

/** Milliseconds. */
export interface TimeLimits {
  readonly connectMs: number;
  /** From the request to the answer's headers. */
  readonly headersMs: number;
  /** Without any byte of a body. */
  readonly stallMs: number;
  /** Before an upload is tried again for the first time; each further wait is twice as long. */
  readonly retryMs: number;
}

const defaultLimits: TimeLimits = { connectMs: 30_000, headersMs: 60_000, stallMs: 60_000, retryMs: defaultRetryDelayMs };
const defaultRetries = 5;

/** Of the body of an error. */
const errorBodyBytes = 64 * 1024;

export interface Request {
  /** For messages: "bucket docs". */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'HEAD' | 'DELETE';
  /** Below /storage/v1, percent-encoded; sent exactly as it is. */
  readonly path: string;
  readonly json?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** The statuses that are no failure; 200 unless told. */
  readonly expects?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export interface RequestBody {
  /** How many there are; the request is never chunked, since the server checks its limits by Content-Length. */
  readonly bytes: number;
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Where the Storage API of a project is: SUPABASE_URL may have a path of its own. */
export function storageAddress(url: string): { readonly origin: string; readonly path: string } {
  const { origin, pathname } = new URL(url);
  return { origin, path: `${pathname.replace(/\/+$/, '')}/storage/v1` };
}

/**
 * What an address that the server names in answer to `asked` is, below /storage/v1 of the project as well: undefined for one that is elsewhere. Of its scheme nothing
 * is asked, since a server behind a proxy often names another one than the proxy has; requests go to the project's own in any case.
 */
export function storagePathOf(base: string, asked: string, location: string): string | undefined {
  const { origin, path: prefix } = storageAddress(base);
  const address = URL.parse(location, `${origin}${prefix}${asked}`);
  if (address === null || address.host !== new URL(origin).host || !address.pathname.startsWith(`${prefix}/`)) return undefined;
  return `${address.pathname.slice(prefix.length)}${address.search}`;
}

/** Requests to one project over connections that stay open. */
export interface Transport {
  /** SUPABASE_URL. */
  readonly url: string;
  readonly retryPolicy: RetryPolicy;
  /** For bodies of uploads. */
  readonly buffers: BufferPool;
  /** What answered 200, or as expected. Throws StorageError for everything else, the signal's reason when aborted. Its body fails with undici's errors. */
  request(request: Request): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

export function createTransport(options: TransportOptions): Transport {
  const { origin, path: prefix } = storageAddress(options.url);
  const limits = { ...defaultLimits, ...options.limits };
  let opened: Promise<Pool> | undefined;
  const openPool = async (): Promise<Pool> => {
    // Not before there is a request: most commands would load it for nothing.
    const { Pool } = await import('undici');
    return new Pool(origin, {
      connections: options.concurrency,
      pipelining: 1,
      // One connection for all would share one window of flow control among all downloads.
      allowH2: false,
      headersTimeout: limits.headersMs,
      bodyTimeout: limits.stallMs,
      connect: { timeout: limits.connectMs },
    });
  };

  return {
    url: options.url,
    buffers: new BufferPool(),
    retryPolicy: { retries: options.retries ?? defaultRetries, delayMs: limits.retryMs, clock: systemClock },
    async request({ what, method, path, json, headers, body, expects = [200], signal }) {
      const about = json === undefined ? {} : { 'content-type': 'application/json' };
      const length = body === undefined ? {} : { 'content-length': String(body.bytes) };
      try {
        const pool = await (opened ??= openPool());
        const response = await pool.request({
          path: prefix + path,
          method,
          headers: { ...headersFor(options), ...about, ...headers, ...length },
          body: json ?? toBody(body),
          signal: signal ?? null,
        });
        if (expects.includes(response.statusCode)) return response;
        throw await readRefusal(what, response, options.clock.now());
      } catch (error) {
        throw signal?.aborted === true ? error : toTransportError(what, error);
      }
    },
    // Not close(): that waits for downloads which nobody reads any more.
    close: async () => (await opened)?.destroy(),
  };
}

/** As a stream even where several pieces are all there: of a stream the time limits count from the last piece that was sent. */
function toBody(body: RequestBody | undefined): Readable | Uint8Array | null {
  if (body === undefined || body.bytes === 0) return null;
  const { pieces } = body;
  return Array.isArray(pieces) && pieces.length === 1 ? (pieces[0] as Uint8Array) : Readable.from(pieces);
}

/** `Authorization` is for keys that are tokens; keys of the form sb_secret_... are refused there. */
function headersFor({ key, agentVersion }: TransportOptions): Record<string, string> {
  const value = key.reveal();
  return {
    apikey: value,
    ...(value.startsWith('eyJ') ? { authorization: `Bearer ${value}` } : {}),
    'user-agent': `supabase-backup-agent/${agentVersion}`,
    'accept-encoding': 'identity',
  };
}

async function readRefusal(what: string, response: Dispatcher.ResponseData, now: Date): Promise<Error> {
  const { statusCode: status, headers } = response;
  return toStorageError({
    what,
    status,
    contentType: single(headers['content-type']) ?? '',
    body: await readBeginning(response.body),
    retryAfterMs: parseRetryAfter(single(headers['retry-after']), single(headers['date']), now),
  });
}

/** What came before the limit, or before it broke off. */
async function readBeginning(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= errorBodyBytes) break;
    }
  } catch {
    // The status says enough.
  }
  return Buffer.concat(chunks).toString('utf8', 0, errorBodyBytes);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

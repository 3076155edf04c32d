import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { DatabaseError } from 'pg';
import { databaseError, internalError, refused, StorageAnswer } from './errors.ts';
import type { Exchange, Service } from './exchange.ts';
import { answerFault } from './fault-answers.ts';
import type { FaultEffect, FaultList, RequestSubject } from './faults.ts';
import { authenticate } from './keys.ts';
import { answerRoute, findRoute } from './routes.ts';
import { sendJson } from './send.ts';

/** One request, in the order they came. */
export interface RequestRecord {
  readonly method: string;
  /** After /storage/v1, as it was sent, with its query. */
  readonly path: string;
  readonly range: string | undefined;
  /** 0 until there is an answer, and when there never is one. */
  status: number;
  /** Of the answer's body, as far as they were handed to the connection. */
  bytes: number;
  fault: FaultEffect['kind'] | undefined;
}

export interface Log {
  readonly requests: RequestRecord[];
  /** Requests in work. */
  readonly active: Set<Promise<void>>;
  peak: number;
  /** Who waits for a request. */
  readonly waiting: Set<(subject: RequestSubject, record: RequestRecord) => void>;
}

interface Connection {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly service: Service;
}

const mount = '/storage/v1';

/** Answers one request, with the fault that strikes it. Never rejects. */
export async function answerRequest(connection: Connection, faults: FaultList, log: Log): Promise<void> {
  const { request, response } = connection;
  const method = request.method ?? 'GET';
  const path = request.url!.startsWith(`${mount}/`) ? request.url!.slice(mount.length) : request.url!;
  const record = startRecord(connection, { method, path }, log);
  // A client that goes away in the middle is no error of ours.
  response.on('error', () => {});
  let exchange: Exchange = { ...connection, path, query: new URLSearchParams(), role: 'invalid', fault: undefined };
  try {
    const [encoded = '', query = ''] = path.split(/\?(.*)/s);
    if (path === request.url) throw new StorageAnswer(404, { message: 'no Route matched with those values' });
    const route = findRoute(method, encoded);
    for (const tell of log.waiting) tell(route, record);
    const fault = faults.strike(route);
    record.fault = fault?.kind;
    exchange = { ...exchange, path: encoded, query: new URLSearchParams(query), fault };
    if (await answerFault(exchange)) return;
    await answerRoute({ ...exchange, role: findRole(exchange, route.access) }, route);
  } catch (error) {
    await answerError(exchange, error).catch(() => request.socket.destroy());
  }
}

/** A wrong key passes some routes, which then show it nothing. */
function findRole({ request, service, fault }: Exchange, access: 'key' | 'lenient' | 'public'): Exchange['role'] {
  if (access === 'public') return 'anon';
  try {
    if (fault?.kind === 'refuse') throw refused('"exp" claim timestamp check failed');
    return authenticate(request.headers, service.keys);
  } catch (error) {
    if (access === 'lenient' && request.headers.authorization !== undefined) return 'invalid';
    throw error;
  }
}

function startRecord({ request, response }: Connection, asked: { method: string; path: string }, log: Log): RequestRecord {
  const record: RequestRecord = { ...asked, range: request.headers.range, status: 0, bytes: 0, fault: undefined };
  log.requests.push(record);
  log.peak = Math.max(log.peak, log.active.size + 1);
  const write = response.write.bind(response) as (chunk: Buffer) => boolean;
  response.write = ((chunk: Buffer) => {
    record.bytes += chunk.length;
    return write(chunk);
  }) as typeof response.write;
  const writeHead = response.writeHead.bind(response) as (status: number, headers: object) => ServerResponse;
  response.writeHead = ((status: number, headers: object) => {
    record.status = status;
    return writeHead(status, headers);
  }) as typeof response.writeHead;
  return record;
}

async function answerError(exchange: Exchange, error: unknown): Promise<void> {
  const { response, request, fault } = exchange;
  if (response.destroyed) return;
  if (response.headersSent) {
    request.socket.destroy();
    return;
  }
  const known = error instanceof DatabaseError ? databaseError(error.code ?? '') : internalError();
  const { status, body } = error instanceof StorageAnswer ? error : known;
  await sendJson({ ...exchange, fault: fault?.kind === 'lost-answer' ? fault : undefined }, status, body);
}

/** What is no HTTP that the server takes: above all, headers of more than 16 KB. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code !== 'HPE_HEADER_OVERFLOW' || !socket.writable) {
    socket.destroy();
    return;
  }
  const error431 = 'Request Header Fields Too Large';
  const body = JSON.stringify({ error: error431, message: 'Exceeded maximum allowed HTTP header size', statusCode: 431 });
  const headers = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  socket.end(`HTTP/1.1 431 ${error431}\r\n${headers}\r\n\r\n${body}`);
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import type { ConnectionConfig } from '../../../src/config/project-config.ts';
import { whenTestEnds } from '../cleanup.ts';
import { openByteStore } from './byte-store.ts';
import { internalError, StorageAnswer } from './errors.ts';
import type { Exchange, Service, ServiceOptions } from './exchange.ts';
import { answerFault } from './fault-answers.ts';
import { createFaults, type Fault, type FaultControls, type FaultEffect, type FaultList } from './faults.ts';
import { authenticate, makeKeys } from './keys.ts';
import { answerRoute, findRoute } from './routes.ts';
import { findColumns } from './rows.ts';
import { bytesOf, fillRows, putObject, seedBucket, seedMany, type SeededObject } from './seed.ts';
import { sendJson } from './send.ts';

export interface StorageServerOptions extends Partial<ServiceOptions> {
  /** As a role that may write the tables past all policies: a superuser, or supabase_storage_admin. */
  readonly database: Pick<ConnectionConfig, 'host' | 'port' | 'user' | 'database' | 'password'>;
  readonly faults?: readonly Fault[];
}

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

/** A Storage API over the tables of a database. The bytes lie in a directory of its own. */
export interface StorageServer {
  /** `http://127.0.0.1:PORT`; clients add /storage/v1. */
  readonly url: string;
  readonly serviceKey: string;
  readonly secretKey: string;
  readonly anonKey: string;
  readonly jwtSecret: string;
  readonly requests: readonly RequestRecord[];
  /** How many requests were in work at the same time, at most. */
  readonly peakConcurrency: number;
  readonly faults: FaultControls;
  seedBucket(id: string): Promise<void>;
  /** Row and bytes, past HTTP; the bucket comes into being too. Answers the version. */
  putObject(bucket: string, name: string, bytes: Buffer | string, object?: SeededObject): Promise<string>;
  /** `count` objects of `size` bytes each, at no cost: see `SeededMany`. */
  seedMany(bucket: string, count: number, size: number, prefix?: string): Promise<void>;
  /** Gives the rows that a fixture or SQL put there bytes of the size they say. */
  fillRows(): Promise<void>;
  bytesOf(bucket: string, name: string): Promise<Buffer>;
  close(): Promise<void>;
}

const mount = '/storage/v1';

/** Starts one at a free port of 127.0.0.1. Stopped when the test is over (one started in `beforeAll`: by `close`). */
export async function startStorageServer(options: StorageServerOptions): Promise<StorageServer> {
  const { database, faults: initialFaults, fileSizeLimit = 524_288_000, backend = 'file', deleteLimit } = options;
  const { password, ...place } = database;
  const pool = new Pool({ ...place, password: password?.reveal(), application_name: 'storage', max: 8 });
  // A session that the server ends while nobody uses it is replaced by the next query.
  pool.on('error', () => {});
  const columns = await findColumns(pool);
  const keys = makeKeys();
  const serviceOptions = { fileSizeLimit, backend, deleteLimit };
  const service: Service = {
    database: pool,
    bytes: await openByteStore(),
    keys,
    uploads: new Map(),
    columns,
    options: serviceOptions,
  };
  const faults = createFaults(initialFaults);
  const log: Log = { requests: [], active: 0, peak: 0 };
  const server = createServer((request, response) => void answer({ request, response, service }, faults, log));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let closing: Promise<void> | undefined;
  const shutDown = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    await pool.end();
    await service.bytes.close();
  };
  const close = () => (closing ??= shutDown());
  whenTestEnds(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...keys,
    requests: log.requests,
    get peakConcurrency() {
      return log.peak;
    },
    faults,
    seedBucket: (id) => seedBucket(service, id),
    putObject: (bucket, name, bytes, object) => putObject(service, { bucket, name }, bytes, object),
    seedMany: (bucket, count, size, prefix) => seedMany(service, { bucket, count, size, prefix }),
    fillRows: () => fillRows(service),
    bytesOf: (bucket, name) => bytesOf(service, bucket, name),
    close,
  };
}

interface Log {
  readonly requests: RequestRecord[];
  active: number;
  peak: number;
}

interface Connection {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly service: Service;
}

async function answer(connection: Connection, faults: FaultList, log: Log): Promise<void> {
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
    const fault = faults.strike(route);
    record.fault = fault?.kind;
    exchange = { ...exchange, path: encoded, query: new URLSearchParams(query), fault };
    if (await answerFault(exchange)) return;
    await answerRoute({ ...exchange, role: findRole(connection, route.access) }, route);
  } catch (error) {
    await answerError(exchange, error);
  }
}

function findRole({ request, service }: Connection, access: 'key' | 'lenient' | 'public'): Exchange['role'] {
  if (access === 'public') return 'anon';
  try {
    return authenticate(request.headers, service.keys);
  } catch (error) {
    if (access === 'lenient' && request.headers.authorization !== undefined) return 'invalid';
    throw error;
  }
}

function startRecord({ request, response }: Connection, asked: { method: string; path: string }, log: Log): RequestRecord {
  const record: RequestRecord = { ...asked, range: request.headers.range, status: 0, bytes: 0, fault: undefined };
  log.requests.push(record);
  log.active += 1;
  log.peak = Math.max(log.peak, log.active);
  const write = response.write.bind(response) as (chunk: Buffer) => boolean;
  response.write = ((chunk: Buffer) => {
    record.bytes += chunk.length;
    return write(chunk);
  }) as typeof response.write;
  response.once('close', () => {
    log.active -= 1;
    record.status = response.headersSent ? response.statusCode : 0;
  });
  return record;
}

async function answerError(exchange: Exchange, error: unknown): Promise<void> {
  const { response, request } = exchange;
  if (response.destroyed) return;
  if (response.headersSent) {
    request.socket.destroy();
    return;
  }
  const { status, body } = error instanceof StorageAnswer ? error : internalError();
  await sendJson({ ...exchange, fault: exchange.fault?.kind === 'lost-answer' ? exchange.fault : undefined }, status, body);
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import type { ConnectionConfig } from '../../../src/config/project-config.ts';
import { whenTestEnds } from '../cleanup.ts';
import { openByteStore } from './byte-store.ts';
import type { Service, ServiceOptions } from './exchange.ts';
import { createFaults, type Fault, matches, type FaultControls, type RequestMatcher, type RequestSubject } from './faults.ts';
import { answerRequest, answerUnreadable, type Log, type RequestRecord } from './handler.ts';
import { makeKeys } from './keys.ts';
import { findColumns } from './rows.ts';
import { bytesOf, fillRows, putObject, seedBucket, seedMany, type SeededObject } from './seed.ts';

export interface StorageServerOptions extends Partial<ServiceOptions> {
  /** As a role that may write the tables past all policies: a superuser, or supabase_storage_admin. */
  readonly database: Pick<ConnectionConfig, 'host' | 'port' | 'user' | 'database' | 'password'>;
  readonly faults?: readonly Fault[];
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
  /** Waits for the next request that matches, which then is about to be served. */
  nextRequest(matcher?: RequestMatcher): Promise<RequestRecord>;
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

/** Starts one at a free port of 127.0.0.1. Stopped when the test is over (one started in `beforeAll`: by `close`). */
export async function startStorageServer(options: StorageServerOptions): Promise<StorageServer> {
  const { database, faults: initialFaults, fileSizeLimit = 524_288_000, backend = 'file', deleteLimit } = options;
  const { password, ...place } = database;
  const pool = new Pool({ ...place, password: password?.reveal(), application_name: 'storage', max: 8 });
  // A session that the server ends while nobody uses it is replaced by the next query.
  pool.on('error', () => {});
  const columns = await findColumns(pool).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  const keys = makeKeys();
  const serviceOptions = { fileSizeLimit, backend, deleteLimit };
  const service: Service = {
    database: pool,
    bytes: await openByteStore(backend),
    keys,
    uploads: new Map(),
    columns,
    options: serviceOptions,
  };
  const faults = createFaults(initialFaults);
  const log: Log = { requests: [], active: new Set(), peak: 0, waiting: new Set() };
  const server = createServer((request, response) => {
    const served = answerRequest({ request, response, service }, faults, log).finally(() => log.active.delete(served));
    log.active.add(served);
  });
  server.on('clientError', answerUnreadable);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let closing: Promise<void> | undefined;
  const shutDown = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    await Promise.all(log.active);
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
    nextRequest: (matcher = {}) => waitForRequest(log, matcher),
    seedBucket: (id) => seedBucket(service, id),
    putObject: (bucket, name, bytes, object) => putObject(service, { bucket, name }, bytes, object),
    seedMany: (bucket, count, size, prefix) => seedMany(service, { bucket, count, size, prefix }),
    fillRows: () => fillRows(service),
    bytesOf: (bucket, name) => bytesOf(service, bucket, name),
    close,
  };
}

function waitForRequest({ waiting }: Log, matcher: RequestMatcher): Promise<RequestRecord> {
  const { promise, resolve } = Promise.withResolvers<RequestRecord>();
  const tell = (subject: RequestSubject, record: RequestRecord) => {
    if (!matches(matcher, subject)) return;
    waiting.delete(tell);
    resolve(record);
  };
  waiting.add(tell);
  return promise;
}

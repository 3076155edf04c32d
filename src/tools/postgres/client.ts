import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { ConnectionConfig } from '../../config/project-config.ts';
import { messageOf } from '../../errors.ts';
import { tlsOptions } from './tls.ts';

const connectTimeoutMs = 15_000;
/** From then on a peer that is silent is asked every second whether it is there; ten times in vain, and the connection is broken. */
const keepAliveAfterMs = 30_000;
export const applicationName = 'supabase-backup-agent';

/**
 * Sent first, in one message: no time limit that the role, the database or the server carries ends a count, an ANALYZE or a
 * snapshot. The last one came with PostgreSQL 17. Nothing in it is looked up by a search_path, which a database may carry as well: its own `=` would run with our rights.
 */
const withoutTimeLimits = `
  SET statement_timeout = 0;
  SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0;
  SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) 'transaction_timeout'`;

export interface OpenClient {
  readonly client: pg.Client;
  /** Read and written so far. */
  countBytes(): number;
  /** Ends the connection without a word to the server. */
  destroy(): void;
}

/** Connects once. Rejects with what node-postgres says. */
export async function openClient(connection: ConnectionConfig): Promise<OpenClient> {
  const ssl = await tlsOptions(connection);
  try {
    return await open(connection, ssl);
  } catch (error) {
    const refusedTls = (error as Error).message === 'The server does not support SSL connections';
    if (connection.sslMode === 'prefer' && refusedTls) return await open(connection, false);
    throw error;
  }
}

async function open(connection: ConnectionConfig, ssl: Awaited<ReturnType<typeof tlsOptions>>): Promise<OpenClient> {
  const socket = new Socket();
  const client = new pg.Client({
    host: connection.host,
    port: connection.port,
    user: connection.user,
    database: connection.database,
    password: connection.password?.reveal(),
    ssl,
    application_name: applicationName,
    ...(connection.options === undefined ? {} : { options: connection.options }),
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    connectionTimeoutMillis: connectTimeoutMs,
    stream: () => socket,
  });
  // A session that breaks while nothing is asked of it: the next query tells.
  client.on('error', () => undefined);
  catchMisreadings(client);
  await client.connect();
  try {
    await client.query(withoutTimeLimits);
  } catch (error) {
    await client.end();
    throw error;
  }
  return { client, countBytes: () => socket.bytesRead + socket.bytesWritten, destroy: () => void socket.destroy() };
}

/** Of what node-postgres (8.23) keeps to itself: called with the stream that it reads messages from, encrypted or not. */
interface ReadingConnection {
  readonly connection: { attachListeners(stream: Duplex): void };
}

/**
 * What node-postgres cannot read it throws out of the event that brought it, which would end the process: a proxy, or what is no
 * PostgreSQL at all, is enough for that. Here the connection ends instead, with an error that whoever waits for an answer gets.
 */
function catchMisreadings(client: pg.Client): void {
  const { connection } = client as unknown as ReadingConnection;
  const attach = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => {
    const emit = stream.emit.bind(stream) as (event: string | symbol, ...values: unknown[]) => boolean;
    stream.emit = (event: string | symbol, ...values: unknown[]): boolean => {
      try {
        return emit(event, ...values);
      } catch (error) {
        if (event !== 'data') throw error;
        stream.destroy(new Error(`the answer is not what a PostgreSQL server sends (${messageOf(error)})`, { cause: error }));
        return true;
      }
    };
    attach(stream);
  };
}

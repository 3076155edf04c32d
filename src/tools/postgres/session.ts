import { setTimeout as sleep } from 'node:timers/promises';
import pRetry, { AbortError } from 'p-retry';
import pg from 'pg';
import type { ConnectionConfig } from '../../config/project-config.ts';
import type { Session } from '../../context.ts';
import { connectionError, isTransient } from './errors.ts';
import { tlsOptions } from './tls.ts';

const connectTimeoutMs = 15_000;
export const applicationName = 'supabase-backup-agent';

/**
 * Sent first, in one message: no time limit that the role, the database or the server carries ends a count, an ANALYZE or a
 * snapshot. The last one came with PostgreSQL 17.
 */
const withoutTimeLimits = `
  SET statement_timeout = 0;
  SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0;
  SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'`;

/** Connects, and tries again for a few seconds while the server starts or has no connection to spare. */
export async function connect(connection: ConnectionConfig, signal: AbortSignal): Promise<Session> {
  const attempt = async (): Promise<pg.Client> => {
    try {
      return await connectOnce(connection);
    } catch (error) {
      if (isTransient(error)) throw error;
      throw new AbortError(error as Error);
    }
  };
  try {
    const client = await pRetry(attempt, { retries: 3, minTimeout: 250, factor: 3, signal });
    return toSession(client, connection);
  } catch (error) {
    signal.throwIfAborted();
    throw connectionError(connection, error);
  }
}

async function connectOnce(connection: ConnectionConfig): Promise<pg.Client> {
  const ssl = await tlsOptions(connection);
  try {
    return await openClient(connection, ssl);
  } catch (error) {
    const refusedTls = (error as Error).message === 'The server does not support SSL connections';
    if (connection.sslMode === 'prefer' && refusedTls) return await openClient(connection, false);
    throw error;
  }
}

async function openClient(connection: ConnectionConfig, ssl: Awaited<ReturnType<typeof tlsOptions>>): Promise<pg.Client> {
  const client = new pg.Client({
    host: connection.host,
    port: connection.port,
    user: connection.user,
    database: connection.database,
    password: connection.password?.reveal(),
    ssl,
    application_name: applicationName,
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // A session that breaks while nothing is asked of it: the next query tells.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(withoutTimeLimits);
  } catch (error) {
    await client.end();
    throw error;
  }
  return client;
}

function toSession(client: pg.Client, connection: ConnectionConfig): Session {
  return {
    async query<Row extends object>(sql: string, values: readonly unknown[] = []) {
      try {
        const result = await client.query<Row>(sql, [...values]);
        return result.command === 'COPY' ? [{ rows: String(result.rowCount) } as unknown as Row] : result.rows;
      } catch (error) {
        throw connectionError(connection, error);
      }
    },
    async close() {
      // A server that has gone away does not answer the good-bye.
      await Promise.race([client.end().catch(() => undefined), sleep(2_000, undefined, { ref: false })]);
    },
  };
}

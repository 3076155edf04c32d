import { setTimeout as sleep } from 'node:timers/promises';
import pRetry, { AbortError } from 'p-retry';
import pg from 'pg';
import type { ConnectionConfig } from '../../config/project-config.ts';
import type { Session, StatementResult } from '../../context.ts';
import type { AppError } from '../../errors.ts';
import type { StandstillWatch } from '../standstill/watch.ts';
import { createWatchedServer, describeServer } from './ask-server.ts';
import { openClient, type OpenClient } from './client.ts';
import { connectionError, isTransient } from './errors.ts';

/**
 * Connects, and tries again for a few seconds while the server starts or has no connection to spare. The signal ends the wait for that; the watch,
 * queries to which no answer comes.
 */
export async function connect(connection: ConnectionConfig, signal: AbortSignal, watch?: StandstillWatch): Promise<Session> {
  const attempt = async (): Promise<OpenClient> => {
    try {
      return await openClient(connection);
    } catch (error) {
      if (isTransient(error)) throw error;
      throw new AbortError(error as Error);
    }
  };
  try {
    const opened = await pRetry(attempt, { retries: 3, minTimeout: 250, factor: 3, signal });
    return toSession(opened, connection, watch);
  } catch (error) {
    signal.throwIfAborted();
    throw connectionError(connection, error);
  }
}

function toSession(opened: OpenClient, connection: ConnectionConfig, watch: StandstillWatch | undefined): Session {
  const { client, countBytes, destroy } = opened;
  const forget = watch?.addServer(describeServer(connection), createWatchedServer(connection));
  let endedBy: AppError | undefined;
  const thing = {
    name: `a query to ${describeServer(connection)}`,
    measure: () => Promise.resolve({ bytes: countBytes(), cpuMs: 0 }),
    end(reason: AppError) {
      endedBy = reason;
      destroy();
    },
  };
  return {
    async runScript(sql) {
      try {
        return await answerScript(client, sql);
      } catch (error) {
        throw connectionError(connection, nameLine(sql, error));
      }
    },
    async query<Row extends object>(sql: string, values: readonly unknown[] = []) {
      const unwatch = watch?.watch({ ...thing });
      try {
        const result = await client.query<Row>(sql, [...values]);
        return result.command === 'COPY' ? [{ rows: String(result.rowCount) } as unknown as Row] : result.rows;
      } catch (error) {
        throw endedBy ?? connectionError(connection, error);
      } finally {
        unwatch?.();
      }
    },
    async close() {
      forget?.();
      // A server that has gone away does not answer the good-bye.
      await Promise.race([client.end().catch(() => undefined), sleep(2_000, undefined, { ref: false })]);
      destroy();
    },
  };
}

/** Looks at each row as it comes: to an event of its own node-postgres gives them one by one, and keeps none. */
function answerScript(client: pg.Client, sql: string): Promise<StatementResult[]> {
  const { promise, resolve, reject } = Promise.withResolvers<StatementResult[]>();
  const counts = new Map<unknown, { rows: number; untrue: number }>();
  const text: pg.QueryArrayConfig = { text: sql, rowMode: 'array' };
  const query = new pg.Query<unknown[]>(text);
  query.on('row', ([value], result) => {
    const { rows, untrue } = counts.get(result) ?? { rows: 0, untrue: 0 };
    counts.set(result, { rows: rows + 1, untrue: untrue + (value === true ? 0 : 1) });
  });
  query.on('error', reject);
  // Of several statements an array, whatever its type says.
  query.on('end', (results) =>
    resolve([results].flat().map((result) => ({ columns: result.fields.length, rows: 0, untrue: 0, ...counts.get(result) }))),
  );
  client.query(query);
  return promise;
}

/** PostgreSQL counts characters, from 1: https://www.postgresql.org/docs/current/protocol-error-fields.html */
function nameLine(sql: string, error: unknown): unknown {
  const { position } = error as { position?: string };
  if (!(error instanceof Error) || position === undefined) return error;
  const before = Array.from(sql).slice(0, Number(position) - 1);
  const line = before.filter((character) => character === '\n').length + 1;
  error.message = `line ${line}: ${error.message}`;
  return error;
}

import { setTimeout as sleep } from 'node:timers/promises';
import pRetry, { AbortError } from 'p-retry';
import type { ConnectionConfig } from '../../config/project-config.ts';
import type { Session } from '../../context.ts';
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

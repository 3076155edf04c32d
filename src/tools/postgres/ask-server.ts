import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionConfig } from '../../config/project-config.ts';
import type { ServerVerdict } from '../../domain/standstill.ts';
import type { WatchedServer } from '../standstill/watch.ts';
import { applicationName, openClient } from './client.ts';

const patienceMs = 15_000;

/**
 * The other sessions on this database that bear our name; where there is none, since a pooler gives them names of its own, those of our role.
 * https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
 */
const ourSessions = `
  WITH others AS (
    SELECT *, application_name = $1 AS is_named FROM pg_catalog.pg_stat_activity
     WHERE pid <> pg_catalog.pg_backend_pid() AND datname = pg_catalog.current_database())
  SELECT wait_event_type AS waits_for, pg_catalog.pg_blocking_pids(pid) AS holders FROM others
   WHERE state = 'active' AND CASE WHEN (SELECT bool_or(is_named) FROM others) THEN is_named ELSE usename = session_user END`;

interface SessionRow {
  readonly waits_for: string | null;
  readonly holders: readonly number[];
}

/** Asks over a connection of its own, since the other one may be what hangs. */
export function createWatchedServer(connection: ConnectionConfig): WatchedServer {
  return {
    name: describeServer(connection),
    async ask() {
      const patience = new AbortController();
      const silent = sleep(patienceMs, { state: 'silent' } as const, { ref: false, signal: patience.signal });
      silent.catch(() => undefined);
      try {
        return await Promise.race([ask(connection), silent]);
      } finally {
        patience.abort();
      }
    },
  };
}

export function describeServer({ host, port, database }: ConnectionConfig): string {
  return `PostgreSQL at ${host}:${port}/${database}`;
}

/** Not EPIPE. */
const sqlState = /^(?=.*\d)[0-9A-Z]{5}$/;

async function ask(connection: ConnectionConfig): Promise<ServerVerdict> {
  try {
    const { client, destroy } = await openClient(connection);
    const abandon = setTimeout(destroy, patienceMs).unref();
    try {
      // What is asked must not be looked up where whoever made this database wants it to be.
      await client.query("SELECT pg_catalog.set_config('search_path', '', false)");
      const { rows } = await client.query<SessionRow>(ourSessions, [applicationName]);
      return judge(rows);
    } finally {
      clearTimeout(abandon);
      destroy();
    }
  } catch (error) {
    // A server that refuses (too many connections, say) lives: then nothing is known, and nothing held against it.
    return { state: sqlState.test((error as { code?: string }).code ?? '') ? 'works' : 'silent' };
  }
}

/** An active session that waits for its client waits for us. */
function judge(rows: readonly SessionRow[]): ServerVerdict {
  if (rows.some(({ waits_for: event }) => event !== 'Lock' && event !== 'Client')) return { state: 'works' };
  const waiting = rows.filter(({ waits_for: event }) => event === 'Lock');
  if (waiting.length === 0) return { state: 'idle' };
  return { state: 'waits', holders: [...new Set(waiting.flatMap(({ holders }) => holders))] };
}

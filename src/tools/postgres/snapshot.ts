import type { ConnectionConfig } from '../../config/project-config.ts';
import type { Snapshot } from '../../context.ts';
import type { StandstillWatch } from '../standstill/watch.ts';
import { connect } from './session.ts';

/**
 * What a session that reads for a backup sets first: rows are never filtered by row security (an error instead), and the
 * search_path is empty, so that every name comes out qualified.
 */
const preparation = [
  'SET row_security = off',
  "SELECT pg_catalog.set_config('search_path', '', false)",
  // From 14 on: a long count ends on the server, too, when this agent is no more.
  "SELECT pg_catalog.set_config(name, '1s', false) FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval'",
  'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
];

/**
 * Opens a transaction that exports its snapshot; the snapshot lives until `close`. When the run is aborted, so is what is asked of it at that
 * moment: a query may wait for somebody's lock without end, and nothing here has to be put back.
 */
export async function openSnapshot(
  connection: ConnectionConfig,
  signal: AbortSignal,
  watch?: StandstillWatch,
): Promise<Snapshot> {
  const session = await connect(connection, signal, watch);
  const end = (): void => void session.close();
  signal.addEventListener('abort', end, { once: true });
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', end);
    await session.close();
  };
  try {
    for (const statement of preparation) await session.query(statement);
    const rows = await session.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
    return { id: rows[0]!.id, query: session.query, close };
  } catch (error) {
    await close();
    throw error;
  }
}

import type { Snapshot } from '../context.ts';
import type { Extension, Manifest } from '../domain/manifest.ts';

interface ServerRow {
  readonly version: string;
  readonly version_number: string;
  readonly database: string;
  readonly size_bytes: string;
  readonly encoding: string;
  readonly collation: string;
}

/** The server and the database that are backed up. */
export async function captureServer(snapshot: Snapshot): Promise<Manifest['server']> {
  const [row] = await snapshot.query<ServerRow>(`
    SELECT pg_catalog.current_setting('server_version') AS version,
           pg_catalog.current_setting('server_version_num') AS version_number,
           d.datname AS database,
           pg_catalog.pg_database_size(d.oid)::text AS size_bytes,
           pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
           d.datcollate AS collation
      FROM pg_catalog.pg_database d
     WHERE d.datname = pg_catalog.current_database()`);
  return {
    version: row!.version,
    versionNumber: Number(row!.version_number),
    database: row!.database,
    sizeBytes: Number(row!.size_bytes),
    encoding: row!.encoding,
    collation: row!.collation,
  };
}

/** The extensions that are installed, but for plpgsql, which every database has. */
export async function captureExtensions(snapshot: Snapshot): Promise<Extension[]> {
  return snapshot.query<Extension>(`
    SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
      FROM pg_catalog.pg_extension e
      JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname <> 'plpgsql'
     ORDER BY e.extname`);
}

/** The major version of a server: 15 of 150018. */
export function majorOf(server: Pick<Manifest['server'], 'versionNumber'>): number {
  return Math.trunc(server.versionNumber / 10_000);
}

/** The names of all schemas: some components are configured just by their schema being there. */
export async function captureSchemaNames(snapshot: Snapshot): Promise<Set<string>> {
  const rows = await snapshot.query<{ name: string }>('SELECT nspname AS name FROM pg_catalog.pg_namespace');
  return new Set(rows.map((row) => row.name));
}

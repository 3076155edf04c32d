import type { Snapshot } from '../context.ts';
import type { Migration } from '../domain/migration.ts';
import { historySchema } from './dumps.ts';

const table = 'schema_migrations';

interface TableRow {
  readonly columns: string[];
  readonly readable: boolean;
}

/**
 * The migrations that the Supabase CLI has noted, by version. Undefined where there are none, or none with statements (very old
 * CLIs noted versions only); 'not readable' when the role may not read them: an error would break the snapshot's transaction.
 */
export async function readMigrations(snapshot: Snapshot): Promise<Migration[] | 'not readable' | undefined> {
  const [found] = await snapshot.query<TableRow>(tableQuery);
  if (found === undefined || !['version', 'statements'].every((column) => found.columns.includes(column))) return undefined;
  if (!found.readable) return 'not readable';
  const migrations = await snapshot.query<Migration>(
    `SELECT version::text AS version, statements::text[] AS statements FROM ${historySchema}.${table} ORDER BY version`,
  );
  return migrations.some(({ statements }) => (statements ?? []).length > 0) ? migrations : undefined;
}

const tableQuery = `
  SELECT ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
           AND NOT pg_catalog.row_security_active(c.oid) AS readable
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = '${historySchema}' AND c.relname = '${table}' AND c.relkind = 'r'`;

/** The search_path that a session of the backup's role begins with: on the platform, that in which migrations run. */
export async function readSearchPath(snapshot: Snapshot): Promise<string> {
  const [row] = await snapshot.query<{ value: string }>(
    `SELECT reset_val AS value FROM pg_catalog.pg_settings WHERE name = 'search_path'`,
  );
  return row!.value;
}

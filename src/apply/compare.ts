import type { ConnectionConfig } from '../config/project-config.ts';
import type { Databases, Session } from '../context.ts';
import type { Manifest, TableRecord } from '../domain/manifest.ts';
import { countRowsQuery } from '../domain/sql.ts';

export interface Difference {
  /** "table public.notes", "large objects". */
  readonly what: string;
  readonly expected: number;
  /** Null when it is not there at all. */
  readonly found: number | null;
}

export interface Comparison {
  readonly tables: number;
  readonly rows: number;
  readonly differences: readonly Difference[];
}

/**
 * Counts what has been restored and compares it with the manifest. Materialized views are left out: a restore refreshes them,
 * so they may rightly hold other rows than the source's, which could be stale.
 */
export async function compareWithManifest(
  databases: Databases,
  connection: ConnectionConfig,
  manifest: Manifest,
): Promise<Comparison> {
  const snapshot = await databases.openSnapshot(connection);
  try {
    const tables = manifest.tables.filter((table) => table.kind === 'table' && table.rows !== null);
    const existing = await listTables(snapshot);
    const differences: Difference[] = [];
    for (const table of tables) {
      const found = existing.has(keyOf(table)) ? await countOne(snapshot, table) : null;
      if (found !== table.rows) differences.push({ what: `table ${table.schema}.${table.name}`, expected: table.rows!, found });
    }
    const largeObjects = await countLargeObjects(snapshot);
    if (largeObjects !== manifest.largeObjects.count) {
      differences.push({ what: 'large objects', expected: manifest.largeObjects.count, found: largeObjects });
    }
    return { tables: tables.length, rows: tables.reduce((sum, table) => sum + table.rows!, 0), differences };
  } finally {
    await snapshot.close();
  }
}

async function listTables(session: Pick<Session, 'query'>): Promise<Set<string>> {
  const rows = await session.query<{ schema: string; name: string }>(`
    SELECT n.nspname AS schema, c.relname AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r'`);
  return new Set(rows.map(keyOf));
}

async function countOne(session: Pick<Session, 'query'>, table: TableRecord): Promise<number> {
  const [row] = await session.query<{ rows: string }>(countRowsQuery(table));
  return Number(row!.rows);
}

async function countLargeObjects(session: Pick<Session, 'query'>): Promise<number> {
  const [row] = await session.query<{ count: string }>(
    'SELECT pg_catalog.count(*)::text AS count FROM pg_catalog.pg_largeobject_metadata',
  );
  return Number(row!.count);
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

import type { Snapshot } from '../context.ts';
import type { TableRecord } from '../domain/manifest.ts';
import type { Relations } from './relations.ts';

/** Counts every row that the dump holds, in the dump's own snapshot, table after table. */
export async function countRows(snapshot: Snapshot, relations: Relations): Promise<TableRecord[]> {
  const counted: TableRecord[] = [];
  for (const table of relations.tables) {
    const rows = relations.uncountable.has(table.oid) ? null : await countOne(snapshot, table);
    counted.push({ ...table, rows });
  }
  return counted;
}

async function countOne(snapshot: Snapshot, table: Omit<TableRecord, 'rows'>): Promise<number> {
  // ONLY: the rows of a child are the child's, as in the dump.
  const [row] = await snapshot.query<{ rows: string }>(`SELECT pg_catalog.count(*)::text AS rows FROM ONLY ${qualify(table)}`);
  return Number(row!.rows);
}

function qualify(table: Pick<TableRecord, 'schema' | 'name'>): string {
  return [table.schema, table.name].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
}

import type { Snapshot } from '../context.ts';
import type { TableRecord } from '../domain/manifest.ts';
import { countRowsQuery } from '../domain/sql.ts';
import type { Relations } from './relations.ts';

/** Counts every row that the dump holds, in the dump's own snapshot, table after table; with the search path that the source works with. */
export async function countRows(snapshot: Snapshot, relations: Relations, searchPath: string): Promise<TableRecord[]> {
  await snapshot.query("SELECT pg_catalog.set_config('search_path', $1, false)", [searchPath]);
  const counted: TableRecord[] = [];
  for (const table of relations.tables) {
    const rows = relations.uncountable.has(table.oid) ? null : await countOne(snapshot, table);
    counted.push({ ...table, rows });
  }
  return counted;
}

async function countOne(snapshot: Snapshot, table: Omit<TableRecord, 'rows'>): Promise<number> {
  const [row] = await snapshot.query<{ rows: string }>(countRowsQuery(table));
  return Number(row!.rows);
}

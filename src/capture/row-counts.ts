import type { Snapshot } from '../context.ts';
import type { TableRecord } from '../domain/manifest.ts';
import { countRowsQuery } from '../domain/sql.ts';
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
  const [row] = await snapshot.query<{ rows: string }>(countRowsQuery(table));
  return Number(row!.rows);
}

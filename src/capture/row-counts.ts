import { hashContent, type ContentHash } from '../catalog/content.ts';
import { countTable, guardFailures, undoFailure } from '../catalog/count-rows.ts';
import type { Snapshot } from '../context.ts';
import type { TableRecord } from '../domain/manifest.ts';
import { messageOf } from '../errors.ts';
import type { Relations } from './relations.ts';

export interface CountedTables {
  readonly tables: readonly TableRecord[];
  /** Tables whose rows could be counted, but not hashed, and why. */
  readonly warnings: readonly string[];
}

export interface CountOptions {
  /** Hash the rows of tables as well, for which the session has to have `contentSettings`. */
  readonly contents: boolean;
  /** From `chooseSearchPath`: even a count fails without it where an index calls functions by names without a schema. */
  readonly searchPath: string;
}

/** Counts every row that the dump holds, in the dump's own snapshot, table after table. */
export async function countRows(
  snapshot: Snapshot,
  relations: Relations,
  { contents, searchPath }: CountOptions,
): Promise<CountedTables> {
  await snapshot.query("SELECT pg_catalog.set_config('search_path', $1, false)", [searchPath]);
  await snapshot.query(guardFailures);
  const tables: TableRecord[] = [];
  const warnings: string[] = [];
  for (const table of relations.tables) {
    if (relations.uncountable.has(table.oid)) {
      tables.push({ ...table, rows: null });
      continue;
    }
    // A materialized view is made anew by a restore, and may then rightly hold other rows.
    const hash = contents && table.kind === 'table' ? await tryHash(snapshot, table) : undefined;
    if (hash !== undefined && 'failure' in hash) {
      warnings.push(`the content of ${table.schema}.${table.name} could not be hashed (${hash.failure})`);
    }
    const hashed = hash === undefined || 'failure' in hash ? undefined : hash;
    if (hashed === undefined) tables.push({ ...table, rows: await countTable(snapshot, table) });
    else tables.push({ ...table, rows: hashed.rows, contentHash: hashed.hash, contentColumns: hashed.columns });
  }
  return { tables, warnings };
}

type Table = Omit<TableRecord, 'rows'>;

/** A row may be longer than a text can be, or a type's output function fail: that must not end the transaction of the snapshot. */
async function tryHash(snapshot: Snapshot, table: Table): Promise<ContentHash | { readonly failure: string }> {
  try {
    return await hashContent(snapshot, table);
  } catch (error) {
    await undoFailure(snapshot);
    return { failure: messageOf(error) };
  }
}

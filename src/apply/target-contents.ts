import type { Session } from '../context.ts';
import type { TableName } from '../domain/restore-scope.ts';
import { relationKey } from '../domain/selection.ts';
import { quoteIdentifier, quoteLiteral } from '../domain/sql.ts';

export interface TargetContents {
  /** Of the tables that were asked about, and of all in auth and storage, those that are there and hold rows, by `relationKey`. */
  readonly occupied: ReadonlySet<string>;
  readonly largeObjects: number;
}

const tablesInQuery = 200;

/** In these schemas of the platform all rows are the user's, but for those of `isPlatformData`. */
export const schemasWithUsersRows: ReadonlySet<string> = new Set(['auth', 'storage']);

/** Looks which tables hold at least one row. Those that the role may not read are passed over. */
export async function readContents(session: Session, tables: readonly TableName[]): Promise<TargetContents> {
  const readable = await session.query<TableName>(`
    SELECT n.nspname AS schema, c.relname AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')`);
  const asked = new Set(tables.map(({ schema, name }) => relationKey(schema, name)));
  const candidates = readable.filter(
    ({ schema, name }) => schemasWithUsersRows.has(schema) || asked.has(relationKey(schema, name)),
  );
  const occupied = new Set<string>();
  for (let start = 0; start < candidates.length; start += tablesInQuery) {
    const found = await session.query<{ key: string }>(occupiedQuery(candidates.slice(start, start + tablesInQuery)));
    for (const { key } of found) occupied.add(key);
  }
  const [row] = await session.query<{ count: string }>(
    'SELECT pg_catalog.count(*)::text AS count FROM pg_catalog.pg_largeobject_metadata',
  );
  return { occupied, largeObjects: Number(row!.count) };
}

function occupiedQuery(tables: readonly TableName[]): string {
  return tables
    .map(({ schema, name }) => {
      const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
      return `SELECT ${quoteLiteral(relationKey(schema, name))} AS key WHERE EXISTS (SELECT FROM ONLY ${table})`;
    })
    .join(' UNION ALL ');
}

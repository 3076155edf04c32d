import type { Session } from '../context.ts';
import { qualifyName, quoteIdentifier } from '../domain/sql.ts';

/** What the rows of one table are, whatever their order. */
export interface ContentHash {
  readonly rows: number;
  /** 32 hexadecimal digits; of no rows all zero. */
  readonly hash: string;
  /** The columns that were looked at, in this order. */
  readonly columns: string[];
}

interface SumRow {
  readonly rows: string;
  readonly high: string;
  readonly low: string;
}

/**
 * Hashes all rows of a table itself (ONLY) so that the result does not depend on their order, the server, its version or the
 * database's encoding. The text of a row depends on DateStyle, IntervalStyle, TimeZone, extra_float_digits, bytea_output and
 * search_path: those are the caller's. Unless columns are given, all of them count, generated ones too.
 */
export async function hashContent(
  session: Pick<Session, 'query'>,
  table: { readonly schema: string; readonly name: string },
  columns?: readonly string[],
): Promise<ContentHash> {
  const names = columns ?? (await listColumns(session, table));
  const from = qualifyName(table);
  const [sums] = await session.query<SumRow>(contentQuery(from, names.map(quoteIdentifier)));
  return { rows: Number(sums!.rows), hash: wrap(sums!.high) + wrap(sums!.low), columns: [...names] };
}

/** In the order of their position. */
async function listColumns(session: Pick<Session, 'query'>, table: { readonly schema: string; readonly name: string }) {
  const rows = await session.query<{ name: string }>(
    `SELECT a.attname AS name
       FROM pg_catalog.pg_attribute a
       JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum`,
    [table.schema, table.name],
  );
  return rows.map(({ name }) => name);
}

/** A sum, not XOR: two equal rows must not take each other away. As numeric it cannot overflow. */
function contentQuery(from: string, columns: readonly string[]): string {
  return `
    SELECT pg_catalog.count(*)::text AS rows, ${sumOfHalf(1)} AS high, ${sumOfHalf(17)} AS low
      FROM (SELECT CASE WHEN pg_catalog.getdatabaseencoding() = 'SQL_ASCII' THEN pg_catalog.md5(t.line)
                        ELSE pg_catalog.md5(pg_catalog.convert_to(t.line, 'UTF8')) END AS hash
              FROM (SELECT ROW(${columns.join(', ')})::text AS line FROM ONLY ${from}) t) h`;
}

function sumOfHalf(start: number): string {
  return `coalesce(pg_catalog.sum(('x' || pg_catalog.substr(h.hash, ${start}, 16))::bit(64)::bigint::numeric), 0)::text`;
}

/** The last 64 bits of a sum. */
function wrap(sum: string): string {
  return BigInt.asUintN(64, BigInt(sum)).toString(16).padStart(16, '0');
}

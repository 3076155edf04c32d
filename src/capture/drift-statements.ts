import type { Session } from '../context.ts';
import { alterTables, type TablePart } from '../domain/column-changes.ts';
import { statementsFor, withoutConsequences, type DefinitionChange } from '../domain/definition-changes.ts';
import { isManagedSchema } from '../domain/platform.ts';
import { tryQuery } from './definitions.ts';

export interface DriftStatements {
  /** In an order in which they worked. */
  readonly done: readonly string[];
  readonly failed: readonly { readonly sql: string; readonly error: string }[];
}

interface Pending {
  /** The first that works counts. */
  readonly alternatives: readonly string[];
  readonly error: string;
}

/** undefined_table, _object, _function, _column; invalid_schema_name: what is to be dropped has gone with something else. */
const alreadyGone = new Set(['42P01', '42704', '42883', '42703', '3F000']);

/**
 * Finds statements for changes by carrying them out in the database `expected`: what fails is tried again when others have
 * worked, so that the order comes of itself, and what nothing helps is told.
 */
export async function findStatements(
  changes: readonly DefinitionChange[],
  { expected, live }: { readonly expected: Session; readonly live: Session },
  signal: AbortSignal,
): Promise<DriftStatements> {
  const altered = alterTables(await readParts(expected), await readParts(live)).map((sql) => [sql]);
  const known = new Set(altered.flat());
  const others = withoutConsequences(changes)
    .map(statementsFor)
    .filter(([first]) => first !== undefined && !known.has(first));
  let pending: Pending[] = [...altered, ...others].map((alternatives) => ({ alternatives, error: '' }));
  const done: string[] = [];
  const levels = Math.max(0, ...pending.map(({ alternatives }) => alternatives.length));
  // With the search_path that the text will meet as a migration, not the empty one of a dump.
  await expected.query('SET check_function_bodies = false; RESET search_path');
  for (let level = 0; level < levels; level += 1) {
    for (let before = -1; before !== done.length;) {
      before = done.length;
      pending = await tryAll(expected, { pending, level, done }, signal);
    }
  }
  return { done, failed: pending.map(({ alternatives, error }) => ({ sql: alternatives[0]!, error })) };
}

async function tryAll(
  session: Session,
  { pending, level, done }: { readonly pending: readonly Pending[]; readonly level: number; readonly done: string[] },
  signal: AbortSignal,
): Promise<Pending[]> {
  const left: Pending[] = [];
  for (const change of pending) {
    const sql = change.alternatives[level];
    const refusal = sql === undefined ? { sqlState: '', message: change.error } : await tryQuery(session, sql, signal);
    const isDrop = /^(DROP|ALTER TABLE \S+ DROP) [^\n]*$/.test(sql ?? '');
    if (refusal === undefined) done.push(sql!);
    else if (!isDrop || !alreadyGone.has(refusal.sqlState)) left.push({ ...change, error: refusal.message });
  }
  return left;
}

async function readParts(session: Session): Promise<TablePart[]> {
  await session.query("SELECT pg_catalog.set_config('search_path', '', false)");
  const columns = await session.query<TablePart & { schema: string }>(columnsQuery);
  const checks = await session.query<TablePart & { schema: string }>(checksQuery);
  return [...columns, ...checks].filter(({ schema }) => !isManagedSchema(schema));
}

const columnsQuery = `
  SELECT 'column' AS kind, n.nspname AS schema, pg_catalog.format('%I.%I', n.nspname, c.relname) AS table,
         pg_catalog.quote_ident(a.attname) AS name,
         pg_catalog.format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attcollation = t.typcollation OR a.attcollation = 0 THEN ''
                   ELSE ' COLLATE ' || a.attcollation::pg_catalog.regcollation::text END AS type,
         a.attnotnull AS "notNull",
         CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS default,
         CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS generated
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
   WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
   ORDER BY n.nspname, c.relname, a.attnum`;

const checksQuery = `
  SELECT 'check' AS kind, n.nspname AS schema, pg_catalog.format('%I.%I', n.nspname, c.relname) AS table,
         pg_catalog.quote_ident(k.conname) AS name, pg_catalog.pg_get_constraintdef(k.oid) AS definition
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE k.contype = 'c' AND k.coninhcount = 0 AND n.nspname <> 'information_schema'
   ORDER BY n.nspname, c.relname, k.conname`;

import type { Snapshot } from '../context.ts';
import type { TableRecord } from '../domain/manifest.ts';

interface RelationRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly relkind: 'r' | 'p' | 'm' | 'S' | 'f';
  readonly bytes: string;
  readonly populated: boolean;
  readonly ofExtension: boolean;
  readonly usage: boolean;
  readonly selectable: boolean;
  readonly filtered: boolean;
}

/** Something that the dump leaves out because the role may not read it. */
export interface Unreadable {
  readonly kind: 'schema' | 'table' | 'sequence';
  readonly schema: string;
  /** Undefined for a schema as a whole. */
  readonly name: string | undefined;
  readonly reason: string;
}

export interface Relations {
  /** What the dump holds rows (or a REFRESH) of; `rows` is filled in by `countRows`. */
  readonly tables: readonly Omit<TableRecord, 'rows'>[];
  /** Materialized views that hold nothing yet, or that the role may not read: the dump has them, but they cannot be counted. */
  readonly uncountable: ReadonlySet<number>;
  readonly unreadable: readonly Unreadable[];
  readonly foreignTables: number;
}

/**
 * All user relations, sorted into those the dump can hold and those it has to leave out.
 *
 * pg_dump locks every table and reads every sequence it dumps, and fails as a whole on the first that it may not: so what is
 * not readable is found beforehand. Members of extensions come back with CREATE EXTENSION; of those only the configuration
 * tables, which pg_dump dumps, are looked at.
 */
export async function captureRelations(snapshot: Snapshot): Promise<Relations> {
  const rows = await snapshot.query<RelationRow>(relationsQuery);
  const unreadable = findUnreadable(rows);
  const leftOut = new Set(unreadable.map((entry) => keyOf(entry.schema, entry.name)));
  const dumped = rows.filter((row) => !leftOut.has(keyOf(row.schema, undefined)) && !leftOut.has(keyOf(row.schema, row.name)));
  const tables = dumped.filter((row) => !row.ofExtension && (row.relkind === 'r' || row.relkind === 'm'));
  return {
    tables: tables.map(toTable),
    uncountable: new Set(
      tables.filter((row) => row.relkind === 'm' && !(row.populated && row.selectable)).map((row) => Number(row.oid)),
    ),
    unreadable,
    foreignTables: dumped.filter((row) => row.relkind === 'f').length,
  };
}

const relationsQuery = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS relkind,
         pg_catalog.pg_total_relation_size(c.oid)::text AS bytes,
         c.relispopulated AS populated,
         e.oid IS NOT NULL AS "ofExtension",
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usage,
         CASE c.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                        ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END AS selectable,
         pg_catalog.row_security_active(c.oid) AS filtered
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
                                    AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
   WHERE c.relkind IN ('r', 'p', 'm', 'S', 'f')
     AND c.relpersistence <> 't'
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (e.oid IS NULL OR c.oid = ANY (e.extconfig))
   ORDER BY n.nspname, c.relname`;

function findUnreadable(rows: readonly RelationRow[]): Unreadable[] {
  const closed = [...new Set(rows.filter((row) => !row.usage).map((row) => row.schema))];
  const schemas = closed.map((schema) => ({
    kind: 'schema' as const,
    schema,
    name: undefined,
    reason: 'no USAGE on the schema',
  }));
  const relations = rows.filter((row) => row.usage).flatMap(explainUnreadable);
  return [...schemas, ...relations];
}

function explainUnreadable(row: RelationRow): Unreadable[] {
  // The definition of a view or a foreign table may always be read, and nothing else of it is dumped.
  if (row.relkind === 'm' || row.relkind === 'f') return [];
  const at = { kind: row.relkind === 'S' ? ('sequence' as const) : ('table' as const), schema: row.schema, name: row.name };
  if (!row.selectable) return [{ ...at, reason: `no SELECT on the ${at.kind}` }];
  return row.relkind === 'r' && row.filtered ? [{ ...at, reason: 'row security would hide rows from this role' }] : [];
}

function toTable(row: RelationRow): Omit<TableRecord, 'rows'> {
  return {
    schema: row.schema,
    name: row.name,
    kind: row.relkind === 'm' ? 'materialized view' : 'table',
    oid: Number(row.oid),
    bytes: Number(row.bytes),
  };
}

function keyOf(schema: string, name: string | undefined): string {
  return JSON.stringify([schema, name]);
}

import type { Session } from '../../context.ts';
import type { ForeignKeyFact, IndexFact, RestoredFacts, SequenceFact, ViewFact } from '../../domain/drill/restored-facts.ts';
import { quoteIdentifier } from '../../domain/sql.ts';
import { sqlStateOf } from '../../domain/sql-state.ts';
import { messageOf } from '../../errors.ts';

/** A view that takes longer to give its first row is named. */
const viewTimeoutMs = 60_000;

/** Asks a restored database what a drill wants to know. Writes nothing; views are read, so functions of the source run. */
export async function readRestored(session: Session, searchPath: string): Promise<RestoredFacts> {
  const asked = new Asking(session);
  await session.query("SELECT pg_catalog.set_config('search_path', '', false)");
  const foreignKeys = await session.query<ForeignKeyRow>(foreignKeysQuery);
  const indexes = await session.query<IndexFact>(indexesQuery);
  const sequences = await session.query<SequenceRow>(sequencesQuery);
  const views = await session.query<ViewRow>(viewsQuery);
  // What is run from here on may use names without a schema, as it does in the source.
  await session.query("SELECT pg_catalog.set_config('search_path', $1, false)", [searchPath]);
  return {
    foreignKeys: await mapEach(foreignKeys, (row) => askForeignKey(asked, row)),
    indexes,
    sequences: await mapEach(sequences, (row) => askSequence(asked, row)),
    views: await mapEach(views, (row) => askView(asked, row)),
  };
}

async function mapEach<Item, Result>(items: readonly Item[], ask: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await ask(item));
  return results;
}

/** What the server says against a question. */
class Refusal {
  readonly error: string;
  readonly sqlState: string;

  constructor(error: string, sqlState: string) {
    this.error = error;
    this.sqlState = sqlState;
  }
}

/** Questions that may fail without an end to all others. */
class Asking {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** In a transaction of its own, which is rolled back. Throws when the connection is lost. */
  async ask<Row extends object>(sql: string, timeoutMs = 0): Promise<Row | undefined | Refusal> {
    await this.#session.query('BEGIN READ ONLY');
    await this.#session.query(`SET LOCAL statement_timeout = ${timeoutMs}`);
    try {
      const [row] = await this.#session.query<Row>(sql);
      await this.#session.query('ROLLBACK');
      return row;
    } catch (error) {
      const sqlState = sqlStateOf(error);
      if (sqlState === undefined) throw error;
      await this.#session.query('ROLLBACK');
      return new Refusal(messageOf((error as Error).cause), sqlState);
    }
  }
}

interface ForeignKeyRow {
  readonly name: string;
  readonly validated: boolean;
  readonly sql: string;
}

async function askForeignKey(asking: Asking, { name, validated, sql }: ForeignKeyRow): Promise<ForeignKeyFact> {
  if (!validated) return { name, validated, orphans: false };
  const row = await asking.ask<{ orphans: boolean }>(sql);
  if (row instanceof Refusal) return { name, validated, orphans: false, ...row };
  return { name, validated, orphans: row?.orphans === true };
}

interface SequenceRow {
  readonly name: string;
  readonly column: string;
  readonly increment: string;
  readonly sql: string;
}

async function askSequence(asking: Asking, { name, column, increment, sql }: SequenceRow): Promise<SequenceFact> {
  const row = await asking.ask<{ next: string | null; extreme: string | null }>(sql);
  const fact = { name, column, increment };
  if (row instanceof Refusal) return { ...fact, next: null, extreme: null, ...row };
  return { ...fact, next: row?.next ?? null, extreme: row?.extreme ?? null };
}

interface ViewRow extends Omit<ViewFact, 'name' | 'error' | 'sqlState'> {
  readonly schema: string;
  readonly name: string;
}

async function askView(asking: Asking, { schema, name: relation, kind, populated, foreign }: ViewRow): Promise<ViewFact> {
  const fact = { name: `${schema}.${relation}`, kind, populated, foreign };
  if (!populated || foreign) return fact;
  const row = await asking.ask(`SELECT * FROM ${quoteIdentifier(schema)}.${quoteIdentifier(relation)} LIMIT 1`, viewTimeoutMs);
  return row instanceof Refusal ? { ...fact, ...row } : fact;
}

const inUserSchema = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

function qualified(relation: string): string {
  return `(SELECT pg_catalog.format('%I.%I', n.nspname, r.relname)
             FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace WHERE r.oid = ${relation})`;
}

/** As PostgreSQL itself compares (MATCH SIMPLE): a row of which any column is null refers to nothing. */
const foreignKeysQuery = `
  SELECT k.conname || ' of ' || ${qualified('k.conrelid')} AS name, k.convalidated AS validated,
         pg_catalog.format('SELECT EXISTS (SELECT FROM %s c WHERE %s AND NOT EXISTS (SELECT FROM %s p WHERE %s)) AS orphans',
           CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || ${qualified('k.conrelid')}, m.given,
           CASE p.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || ${qualified('k.confrelid')}, m.matches) AS sql
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   CROSS JOIN LATERAL (
     SELECT pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', a.attname), ' AND ') AS given,
            pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', b.attname, s.nspname, o.oprname, a.attname), ' AND ') AS matches
       FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) AS u(child, parent, operator)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.child
       JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.parent
       JOIN pg_catalog.pg_operator o ON o.oid = u.operator
       JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace) m
   WHERE k.contype = 'f' AND k.conparentid = 0 AND ${inUserSchema}
   ORDER BY 1`;

const indexesQuery = `
  SELECT pg_catalog.format('%I.%I', n.nspname, r.relname) AS name, i.indisvalid AND i.indisready AND i.indislive AS valid,
         r.relkind = 'I' AS partitioned
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
   WHERE ${inUserSchema}
   ORDER BY 1`;

/** Those that a column owns (serial, identity) and takes its default from; the column may be one of many tables that inherit. */
const sequencesQuery = `
  SELECT pg_catalog.format('%I.%I', n.nspname, s.relname) AS name, q.seqincrement::text AS increment,
         ${qualified('d.refobjid')} || '.' || a.attname AS column,
         pg_catalog.format('SELECT CASE WHEN s.is_called THEN s.last_value::numeric + %s ELSE s.last_value END::text AS next,
                                   (SELECT %s(%I)::text FROM %s) AS extreme FROM %I.%I s',
           q.seqincrement, CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END, a.attname, ${qualified('d.refobjid')},
           n.nspname, s.relname) AS sql
    FROM pg_catalog.pg_sequence q
    JOIN pg_catalog.pg_class s ON s.oid = q.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
    JOIN pg_catalog.pg_depend d ON d.classid = s.tableoid AND d.objid = s.oid AND d.objsubid = 0 AND d.deptype IN ('a', 'i')
                               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
   WHERE ${inUserSchema} AND a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype)
     AND (d.deptype = 'i' OR EXISTS (
       SELECT FROM pg_catalog.pg_attrdef f
         JOIN pg_catalog.pg_depend u ON u.classid = f.tableoid AND u.objid = f.oid AND u.refobjid = s.oid
        WHERE f.adrelid = d.refobjid AND f.adnum = d.refobjsubid))
   ORDER BY 1`;

/** A foreign table may stand behind many views. */
const viewsQuery = `
  WITH RECURSIVE reads (view, relation) AS (
    SELECT r.ev_class, d.refobjid
      FROM pg_catalog.pg_rewrite r
      JOIN pg_catalog.pg_depend d ON d.classid = r.tableoid AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
     WHERE d.refobjid <> r.ev_class
  ), behind (view, relation) AS (
    SELECT view, relation FROM reads
    UNION
    SELECT b.view, r.relation FROM behind b JOIN reads r ON r.view = b.relation
  )
  SELECT n.nspname AS schema, c.relname AS name,
         CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END AS kind, c.relispopulated AS populated,
         c.relkind = 'v' AND EXISTS (SELECT FROM behind b JOIN pg_catalog.pg_class f ON f.oid = b.relation AND f.relkind = 'f'
                                      WHERE b.view = c.oid) AS foreign
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('v', 'm') AND ${inUserSchema}
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = c.tableoid AND e.objid = c.oid AND e.deptype = 'e')
   ORDER BY 1, 2`;

import { decode, foreignOptions, identityOf, inUserSchema, object, ofNoExtension, sortedOptions } from './scope.ts';

const storages = { p: 'plain', e: 'external', m: 'main', x: 'extended' };
const expression = 'pg_catalog.pg_get_expr(d.adbin, d.adrelid)';

/** An option that the server itself gives to nearly every column from 15.20 on, with a number of its own; pg_dump leaves it out. */
const ownOption = 'pg_attver=';
const userOptions = sortedOptions('a.attoptions', `option NOT LIKE '${ownOption}%'`);

/** What is as it is unless told otherwise is left out. The position counts living columns only, as a dump makes them anew. */
const columnValue = object({
  position: 'a.position',
  type: 'pg_catalog.format_type(a.atttypid, a.atttypmod)',
  notNull: 'a.attnotnull',
  default: `CASE WHEN a.attgenerated = '' THEN ${expression} END`,
  generated: `CASE WHEN a.attgenerated <> '' THEN ${expression} END`,
  generatedKind: decode('a.attgenerated', { s: 'stored', v: 'virtual' }),
  identity: decode('a.attidentity', { a: 'always', d: 'by default' }),
  collation: `CASE WHEN a.attcollation <> t.typcollation THEN ${identityOf('pg_collation', 'a.attcollation')} END`,
  storage: `CASE WHEN a.attstorage <> t.typstorage THEN ${decode('a.attstorage', storages)} END`,
  compression: decode('a.attcompression', { p: 'pglz', l: 'lz4' }),
  // The default is -1 before 17 and null from then on.
  statistics: 'NULLIF(a.attstattarget, -1)',
  options: `CASE WHEN a.attoptions::text !~ '^{${ownOption}[0-9]*}$' THEN ${userOptions} END`,
  foreignOptions: `CASE WHEN a.attfdwoptions IS NOT NULL THEN ${foreignOptions('a.attfdwoptions')} END`,
  local: 'CASE WHEN NOT a.attislocal THEN false END',
  inherited: 'NULLIF(a.attinhcount, 0)',
});

/** class column: of tables, foreign tables, composite types, views and materialized views. Tens of thousands, so no more per row than is needed. */
export const columnsQuery = `
  SELECT 'column' AS class, a.relation || '.' || pg_catalog.quote_ident(a.attname) AS name, a.schema, ${columnValue} AS value
    FROM (SELECT l.*, r.relation, r.schema,
                 pg_catalog.row_number() OVER (PARTITION BY l.attrelid ORDER BY l.attnum) AS position
            FROM (SELECT c.oid, n.nspname AS schema,
                         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS relation
                    FROM pg_catalog.pg_class c
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND ${inUserSchema}
                     AND ${ofNoExtension('pg_class', 'c.oid')}
                     AND ${ofNoExtension('pg_type', 'c.reltype')}) r
            JOIN pg_catalog.pg_attribute l ON l.attrelid = r.oid
           WHERE l.attnum > 0 AND NOT l.attisdropped) a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum`;

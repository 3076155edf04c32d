import {
  classOf,
  decode,
  foreignOptions,
  identify,
  identityOf,
  inUserSchema,
  object,
  ofNoExtension,
  sortedOptions,
} from './scope.ts';

const persistence = decode('c.relpersistence', { p: 'permanent', u: 'unlogged' });
const toastOptions = sortedOptions('toast.reloptions');
const partitionBound = 'pg_catalog.pg_get_expr(c.relpartbound, c.oid)';
const inherits = 'parents.list';

const tableValue = object({
  persistence,
  partitionKey: `CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END`,
  partitionBound,
  inherits,
  ofType: `CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END`,
  options: sortedOptions('c.reloptions'),
  toastOptions,
  replicaIdentity: decode('c.relreplident', { d: 'default', n: 'nothing', f: 'full', i: 'index' }),
  accessMethod: 'm.amname',
  tablespace: 's.spcname',
});

const viewValue = object({
  definition: 'pg_catalog.pg_get_viewdef(c.oid)',
  options: sortedOptions('c.reloptions'),
});

const materializedViewValue = object({
  definition: 'pg_catalog.pg_get_viewdef(c.oid)',
  options: sortedOptions('c.reloptions'),
  toastOptions,
  populated: 'c.relispopulated',
  accessMethod: 'm.amname',
  tablespace: 's.spcname',
});

const foreignTableValue = object({
  server: 'f.srvname',
  options: foreignOptions('ft.ftoptions'),
  partitionBound,
  inherits,
});

/** class schema; they are made by their name alone. */
export const schemasQuery = identify(`
  SELECT NULL AS class, n.tableoid AS classid, n.oid AS objid, n.nspname AS schema, '{}'::pg_catalog.json AS value
    FROM pg_catalog.pg_namespace n
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_namespace', 'n.oid')}`);

/** classes table, view, materialized view, foreign table, composite type; what they consist of are records of their own. */
export const relationsQuery = identify(`
  SELECT NULL AS class, c.tableoid AS classid, c.oid AS objid, n.nspname AS schema,
         CASE c.relkind WHEN 'v' THEN ${viewValue}
                        WHEN 'm' THEN ${materializedViewValue}
                        WHEN 'f' THEN ${foreignTableValue}
                        WHEN 'c' THEN '{}'::pg_catalog.json
                        ELSE ${tableValue} END AS value
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
    LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
    LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
    LEFT JOIN (SELECT h.inhrelid, pg_catalog.json_agg(p.identity ORDER BY h.inhseqno) AS list
                 FROM pg_catalog.pg_inherits h
                CROSS JOIN LATERAL pg_catalog.pg_identify_object(${classOf('pg_class')}, h.inhparent, 0) p
                GROUP BY h.inhrelid) parents ON parents.inhrelid = c.oid
    LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = c.oid
    LEFT JOIN pg_catalog.pg_foreign_server f ON f.oid = ft.ftserver
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND ${inUserSchema}
     -- A composite type is a member of an extension as the type that it is.
     AND ${ofNoExtension('pg_class', 'c.oid')} AND ${ofNoExtension('pg_type', 'c.reltype')}`);

/** class row security: one for each table. */
export const rowSecurityQuery = identify(`
  SELECT 'row security' AS class, c.tableoid AS classid, c.oid AS objid, n.nspname AS schema,
         ${object({ enabled: 'c.relrowsecurity', forced: 'c.relforcerowsecurity' })} AS value
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND ${inUserSchema} AND ${ofNoExtension('pg_class', 'c.oid')}`);

const sequenceValue = object({
  type: 'pg_catalog.format_type(q.seqtypid, NULL)',
  start: 'q.seqstart::text',
  increment: 'q.seqincrement::text',
  minimum: 'q.seqmin::text',
  maximum: 'q.seqmax::text',
  cache: 'q.seqcache::text',
  cycle: 'q.seqcycle',
  persistence,
  ownedBy: `CASE WHEN d.refobjid IS NOT NULL THEN ${identityOf('pg_class', 'd.refobjid', 'd.refobjsubid')} END`,
  identity: `CASE WHEN d.deptype = 'i' THEN true END`,
});

const userSequences = `
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = c.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;

export const sequencesQuery = identify(`
  SELECT NULL AS class, c.tableoid AS classid, c.oid AS objid, n.nspname AS schema, ${sequenceValue} AS value
    ${userSequences}
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = c.tableoid AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype IN ('a', 'i')
                                    AND d.refclassid = ${classOf('pg_class')} AND d.refobjsubid > 0
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_class', 'c.oid')}`);

/**
 * class sequence value: null before the first nextval. Sequences are outside of every snapshot: this is how far they are now.
 * Where the role may not read one there is no record; before 16.4 the function would fail instead of answering null.
 */
export const sequenceValuesQuery = identify(`
  SELECT 'sequence value' AS class, c.tableoid AS classid, c.oid AS objid, n.nspname AS schema,
         pg_catalog.json_build_object('last', pg_catalog.pg_sequence_last_value(c.oid)::text) AS value
    ${userSequences}
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_class', 'c.oid')}
     -- CASE, because the privilege of what is no sequence is an error, and conditions are tried in any order.
     AND CASE WHEN c.relkind = 'S' AND NOT (c.relpersistence <> 'p' AND pg_catalog.pg_is_in_recovery())
              THEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE, SELECT') END`);

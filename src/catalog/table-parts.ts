import { decode, identify, identityOf, inUserSchema, joinExtension, object, ofNoExtension } from './scope.ts';

/**
 * What hangs on a relation is never itself a member of an extension, so an index that a user has added to an extension's table
 * cannot be told from one that CREATE EXTENSION has made: both are here, with `extension` in their value.
 */
function onRelation(oid: string): string {
  return `
    JOIN pg_catalog.pg_class c ON c.oid = ${oid}
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ${joinExtension('pg_class', 'c.oid')}`;
}
const extension = 'x.extname';

export const enabledWords = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' };

/**
 * From 18 on NOT NULL is a constraint with a name, of domains from 17 on. Only one that a column's or domain's plain NOT NULL
 * or a parent does not make is a record: older servers have nothing for those either. Of a long name the beginning is cut.
 */
function isTold(name: string): string {
  return `(k.contype IN ('c', 'f', 'p', 'u', 'x')
           OR k.contype = 'n' AND NOT (k.convalidated AND NOT k.connoinherit AND
                (NOT k.conislocal OR k.conname = ${name} OR pg_catalog.octet_length(${name}) > 63 AND k.conname ~ '_not_null[0-9]*$')))`;
}

const constraintValue = {
  definition: 'pg_catalog.pg_get_constraintdef(k.oid)',
  validated: 'k.convalidated',
  local: 'CASE WHEN NOT k.conislocal THEN false END',
  inherited: 'NULLIF(k.coninhcount, 0)',
};

/**
 * class table constraint. `triggers`: a foreign key whose inner triggers are not as they are made is not enforced as it says. What
 * PostgreSQL makes of a foreign key for each partition, under names that depend on their order, comes with that key.
 */
export const tableConstraintsQuery = identify(`
  SELECT 'table constraint' AS class, k.tableoid AS classid, k.oid AS objid, n.nspname AS schema,
         ${object({ ...constraintValue, triggers: 't.states', extension })} AS value
    FROM pg_catalog.pg_constraint k
    ${onRelation('k.conrelid')}
    LEFT JOIN pg_catalog.pg_attribute a ON k.contype = 'n' AND a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    LEFT JOIN (SELECT t.tgconstraint, pg_catalog.json_agg(t.tgenabled ORDER BY t.tgenabled) AS states
                 FROM pg_catalog.pg_trigger t
                WHERE t.tgisinternal AND t.tgenabled <> 'O' GROUP BY t.tgconstraint) t ON t.tgconstraint = k.oid
   WHERE ${inUserSchema} AND NOT (k.contype = 'f' AND k.conparentid <> 0) AND ${isTold(`c.relname || '_' || a.attname || '_not_null'`)}`);

export const domainConstraintsQuery = identify(`
  SELECT 'domain constraint' AS class, k.tableoid AS classid, k.oid AS objid, n.nspname AS schema,
         ${object(constraintValue)} AS value
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_type t ON t.oid = k.contypid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_type', 't.oid')} AND ${isTold(`t.typname || '_not_null'`)}`);

const indexValue = object({
  definition: 'pg_catalog.pg_get_indexdef(i.indexrelid)',
  valid: 'i.indisvalid',
  clustered: 'i.indisclustered',
  replicaIdentity: 'i.indisreplident',
  attachedTo: `CASE WHEN h.inhparent IS NOT NULL THEN ${identityOf('pg_class', 'h.inhparent')} END`,
  statistics: 'a.targets',
  tablespace: 's.spcname',
  extension,
});

export const indexesQuery = identify(`
  SELECT 'index' AS class, r.tableoid AS classid, r.oid AS objid, n.nspname AS schema, ${indexValue} AS value
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
    ${onRelation('i.indrelid')}
    LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = r.oid
    LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = r.reltablespace
    LEFT JOIN (SELECT a.attrelid, pg_catalog.json_object_agg(a.attnum, a.attstattarget ORDER BY a.attnum) AS targets
                 FROM pg_catalog.pg_attribute a WHERE a.attstattarget > 0 GROUP BY a.attrelid) a ON a.attrelid = r.oid
   WHERE ${inUserSchema}`);

/** class rule; the rule that makes a view a view is its definition. */
export const rulesQuery = identify(`
  SELECT 'rule' AS class, r.tableoid AS classid, r.oid AS objid, n.nspname AS schema,
         ${object({
           definition: 'pg_catalog.pg_get_ruledef(r.oid)',
           enabled: decode('r.ev_enabled', enabledWords),
           extension,
         })} AS value
    FROM pg_catalog.pg_rewrite r
    ${onRelation('r.ev_class')}
   WHERE r.rulename <> '_RETURN' AND ${inUserSchema}`);

const policyValue = object({
  command: decode('p.polcmd', { '*': 'all', r: 'select', a: 'insert', w: 'update', d: 'delete' }),
  permissive: 'p.polpermissive',
  roles: `(SELECT pg_catalog.json_agg(coalesce(g.rolname, 'public') ORDER BY g.rolname COLLATE "C")
             FROM pg_catalog.unnest(p.polroles) role LEFT JOIN pg_catalog.pg_roles g ON g.oid = role)`,
  using: 'pg_catalog.pg_get_expr(p.polqual, p.polrelid)',
  check: 'pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)',
  extension,
});

/** class policy; `public` among the roles stands for all of them, no role can be called that. */
export const policiesQuery = identify(`
  SELECT 'policy' AS class, p.tableoid AS classid, p.oid AS objid, n.nspname AS schema, ${policyValue} AS value
    FROM pg_catalog.pg_policy p
    ${onRelation('p.polrelid')}
   WHERE ${inUserSchema}`);

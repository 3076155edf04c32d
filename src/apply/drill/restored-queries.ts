/** What a drill asks the catalogs of a restored database, with an empty search_path: often as queries to be asked afterwards. */

const inUserSchema = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

function qualified(relation: string): string {
  return `(SELECT pg_catalog.format('%I.%I', n.nspname, r.relname)
             FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace WHERE r.oid = ${relation})`;
}

/**
 * As PostgreSQL itself compares: a row of which any column is null refers to nothing (MATCH SIMPLE). With MATCH FULL all of them have to be
 * null for that, and a row that has some refers to what cannot be.
 */
export const foreignKeysQuery = `
  SELECT k.conname || ' of ' || ${qualified('k.conrelid')} AS name, k.convalidated AS validated,
         pg_catalog.format('SELECT EXISTS (SELECT FROM %s c WHERE (%s) AND NOT EXISTS (SELECT FROM %s p WHERE %s) OR %s) AS orphans',
           CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || ${qualified('k.conrelid')}, m.given,
           CASE p.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || ${qualified('k.confrelid')}, m.matches,
           CASE k.confmatchtype WHEN 'f' THEN pg_catalog.format('((%s) AND NOT (%s))', m.some, m.given) ELSE 'false' END) AS sql
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   CROSS JOIN LATERAL (
     SELECT pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', a.attname), ' AND ') AS given,
            pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', a.attname), ' OR ') AS some,
            pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', b.attname, s.nspname, o.oprname, a.attname), ' AND ') AS matches
       FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) AS u(child, parent, operator)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.child
       JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.parent
       JOIN pg_catalog.pg_operator o ON o.oid = u.operator
       JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace) m
   WHERE k.contype = 'f' AND k.conparentid = 0 AND ${inUserSchema}
   ORDER BY 1`;

export const indexesQuery = `
  SELECT pg_catalog.format('%I.%I', n.nspname, r.relname) AS name, i.indisvalid AND i.indisready AND i.indislive AS valid,
         r.relkind = 'I' AS partitioned
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
   WHERE ${inUserSchema}
   ORDER BY 1`;

/** A default that is the next number and nothing else, but for a cast; as pg_get_expr writes it. */
export const nextNumber = String.raw`^\(*nextval\('([^']|'')*'::regclass\)\)*(::[^'()*+/-]+(\([0-9,]+\))?)?$`;

/**
 * Of each sequence the columns that take their numbers from it: as their identity, or by their default, whoever owns it. A column of many
 * tables that inherit is told once, of the first. `error`: why the column is not compared with it.
 */
export const sequencesQuery = `
  WITH RECURSIVE bases (type, base) AS (
    SELECT t.oid, t.oid FROM pg_catalog.pg_type t
    UNION ALL
    SELECT b.type, t.typbasetype FROM bases b JOIN pg_catalog.pg_type t ON t.oid = b.base WHERE t.typtype = 'd'
  ), numbered (sequence, relation, attribute, expression) AS (
    SELECT d.objid, d.refobjid, d.refobjsubid, NULL
      FROM pg_catalog.pg_depend d
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0 AND d.deptype = 'i'
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0
    UNION
    SELECT u.refobjid, f.adrelid, f.adnum, pg_catalog.pg_get_expr(f.adbin, f.adrelid)
      FROM pg_catalog.pg_attrdef f
      JOIN pg_catalog.pg_depend u ON u.classid = f.tableoid AND u.objid = f.oid AND u.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  )
  SELECT pg_catalog.format('%I.%I', n.nspname, s.relname) AS name, q.seqincrement::text AS increment,
         ${qualified('c.oid')} || '.' || a.attname AS column,
         CASE WHEN c.relkind = 'f' THEN 'its table stands on another server, which a drill does not talk to'
              WHEN d.expression !~ $1 THEN 'its default is more than the next number'
              WHEN b.base NOT IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype,
                                  'numeric'::pg_catalog.regtype, 'float4'::pg_catalog.regtype, 'float8'::pg_catalog.regtype)
                THEN 'it is of the type ' || pg_catalog.format_type(a.atttypid, NULL) END AS error,
         pg_catalog.format('SELECT CASE WHEN s.is_called THEN s.last_value::pg_catalog.numeric OPERATOR(pg_catalog.+) %s ELSE s.last_value END::text AS next,
                                   (SELECT pg_catalog.%s(pg_catalog.%s(%I)::pg_catalog.numeric)::text FROM %s) AS extreme FROM %I.%I s',
           q.seqincrement, CASE WHEN q.seqincrement > 0 THEN 'floor' ELSE 'ceil' END, CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END,
           a.attname, ${qualified('c.oid')}, n.nspname, s.relname) AS sql
    FROM pg_catalog.pg_sequence q
    JOIN pg_catalog.pg_class s ON s.oid = q.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
    JOIN numbered d ON d.sequence = s.oid
    JOIN pg_catalog.pg_class c ON c.oid = d.relation AND c.relkind IN ('r', 'p', 'f')
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.relation AND a.attnum = d.attribute
    JOIN bases b ON b.type = a.atttypid AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = b.base AND t.typtype = 'd')
   WHERE ${inUserSchema}
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i
                       JOIN pg_catalog.pg_attribute o ON o.attrelid = i.inhparent AND o.attname = a.attname
                       JOIN numbered e ON e.relation = o.attrelid AND e.attribute = o.attnum AND e.sequence = d.sequence
                      WHERE i.inhrelid = c.oid)
   ORDER BY 1, 3`;

/** A foreign table may stand behind many views. */
export const viewsQuery = `
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

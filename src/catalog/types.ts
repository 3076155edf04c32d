import { decode, identify, identityOf, inUserSchema, object, ofNoExtension, routine } from './scope.ts';

const enumValue = object({
  kind: `'enum'`,
  labels: `(SELECT pg_catalog.json_agg(l.enumlabel ORDER BY l.enumsortorder) FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid)`,
});

const rangeValue = object({
  kind: `'range'`,
  subtype: 'pg_catalog.format_type(r.rngsubtype, NULL)',
  operatorClass: identityOf('pg_opclass', 'r.rngsubopc'),
  collation: `CASE WHEN r.rngcollation <> 0 THEN ${identityOf('pg_collation', 'r.rngcollation')} END`,
  canonical: routine('r.rngcanonical'),
  difference: routine('r.rngsubdiff'),
  multirange: 'pg_catalog.format_type(r.rngmultitypid, NULL)',
});

const baseValue = object({
  kind: `'base'`,
  input: routine('t.typinput'),
  output: routine('t.typoutput'),
  receive: routine('t.typreceive'),
  send: routine('t.typsend'),
  modifierInput: routine('t.typmodin'),
  modifierOutput: routine('t.typmodout'),
  analyze: routine('t.typanalyze'),
  subscript: routine('t.typsubscript'),
  length: 't.typlen',
  byValue: 't.typbyval',
  alignment: 't.typalign',
  storage: 't.typstorage',
  category: 't.typcategory',
  preferred: 't.typispreferred',
  delimiter: 't.typdelim',
  element: 'CASE WHEN t.typelem <> 0 THEN pg_catalog.format_type(t.typelem, NULL) END',
  collatable: 't.typcollation <> 0',
  default: 't.typdefault',
});

const domainValue = object({
  type: 'pg_catalog.format_type(t.typbasetype, t.typtypmod)',
  notNull: 't.typnotnull',
  default: 'coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault)',
  collation: `CASE WHEN t.typcollation <> b.typcollation THEN ${identityOf('pg_collation', 't.typcollation')} END`,
});

/** classes type and domain. Composite types are relations; the types of rows, arrays and multiranges come with their own. */
export const typesQuery = identify(`
  SELECT CASE t.typtype WHEN 'd' THEN 'domain' END AS class, t.tableoid AS classid, t.oid AS objid, n.nspname AS schema,
         CASE WHEN t.typtype = 'd' THEN ${domainValue}
              WHEN t.typtype = 'e' THEN ${enumValue}
              WHEN t.typtype = 'r' THEN ${rangeValue}
              WHEN NOT t.typisdefined THEN ${object({ kind: `'shell'` })}
              ELSE ${baseValue} END AS value
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_type element ON element.oid = t.typelem AND element.typarray = t.oid
    LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
    LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
   WHERE t.typtype IN ('b', 'd', 'e', 'p', 'r') AND element.oid IS NULL AND ${inUserSchema}
     AND ${ofNoExtension('pg_type', 't.oid')}`);

/** What the columns are called, and which there are, depends on the version. The library's version is the server's own. */
const collationValue = object({
  provider: decode('c.collprovider', { c: 'libc', i: 'icu', b: 'builtin', d: 'default' }),
  deterministic: 'c.collisdeterministic',
  collate: 'c.collcollate',
  characterType: 'c.collctype',
  locale: `coalesce(pg_catalog.to_jsonb(c) ->> 'colllocale', pg_catalog.to_jsonb(c) ->> 'colliculocale')`,
  rules: `pg_catalog.to_jsonb(c) ->> 'collicurules'`,
});

const conversionValue = object({
  from: 'pg_catalog.pg_encoding_to_char(c.conforencoding)',
  to: 'pg_catalog.pg_encoding_to_char(c.contoencoding)',
  function: routine('c.conproc'),
  default: 'c.condefault',
});

export const collationsQuery = identify(`
  SELECT NULL AS class, c.tableoid AS classid, c.oid AS objid, n.nspname AS schema, ${collationValue} AS value
    FROM pg_catalog.pg_collation c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_collation', 'c.oid')}
   UNION ALL
  SELECT NULL, c.tableoid, c.oid, n.nspname, ${conversionValue}
    FROM pg_catalog.pg_conversion c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
   WHERE ${inUserSchema} AND ${ofNoExtension('pg_conversion', 'c.oid')}`);

/**
 * Pieces of the queries of this folder. All of them expect an empty search_path: names then come out qualified, and an operator
 * is always that of pg_catalog.
 */

/** Schemas that are not PostgreSQL's own; temporary ones and those of TOAST begin with pg_ as well. `n` is pg_namespace. */
export const inUserSchema = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** From this object id on it was not initdb that made an object: FirstNormalObjectId in access/transam.h. */
export const firstUserOid = 16384;

export function classOf(catalog: string): string {
  return `'pg_catalog.${catalog}'::pg_catalog.regclass`;
}

/** A condition: the object is not a member of an extension, which brings it with CREATE EXTENSION. */
export function ofNoExtension(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                       WHERE e.classid = ${classOf(catalog)} AND e.objid = ${oid} AND e.objsubid = 0
                         AND e.refclassid = ${classOf('pg_extension')} AND e.deptype = 'e')`;
}

/** A join that gives `x.extname`: the extension that the object is a member of, or null. */
export function joinExtension(catalog: string, oid: string): string {
  return `
    LEFT JOIN pg_catalog.pg_depend e ON e.classid = ${classOf(catalog)} AND e.objid = ${oid} AND e.objsubid = 0
                                    AND e.refclassid = ${classOf('pg_extension')} AND e.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid`;
}

/**
 * Makes records of a query that gives `class` (null: what pg_identify_object calls it), `classid`, `objid`, `schema` and
 * `value`. What was dropped since the snapshot has no identity any more.
 */
export function identify(query: string): string {
  return `
  SELECT coalesce(o.class, i.type) AS class, i.identity AS name, o.schema, o.value
    FROM (${query}) o
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, 0) i
   WHERE i.identity IS NOT NULL`;
}

/** The identity of one object: `public.notes`. Null for none. */
export function identityOf(catalog: string, oid: string, column = '0'): string {
  return `(SELECT i.identity FROM pg_catalog.pg_identify_object(${classOf(catalog)}, ${oid}, ${column}) i)`;
}

/** The name of a schema as it is, from what pg_identify_object says, which is quoted. */
export function unquoted(column: string): string {
  return `(pg_catalog.parse_ident(${column}))[1]`;
}

/** A condition: PostgreSQL has not made the object along with another one, as it makes the constructors of a range type. */
export function notMadeAlong(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_catalog.pg_depend a
                       WHERE a.classid = ${classOf(catalog)} AND a.objid = ${oid} AND a.objsubid = 0 AND a.deptype = 'i')`;
}

/** A function as text, with its arguments: `public.area(integer, text)`; null for none. */
export function routine(column: string): string {
  return `NULLIF(${column}::pg_catalog.oid, 0)::pg_catalog.regprocedure::text`;
}

/** A sorted JSON array of a text[] whose order means nothing. */
export function sortedOptions(column: string, condition = 'true'): string {
  return `(SELECT pg_catalog.json_agg(option ORDER BY option COLLATE "C") FROM pg_catalog.unnest(${column}) option WHERE ${condition})`;
}

/** Options of foreign things, sorted, without the values of those that may be secret. */
export function foreignOptions(column: string): string {
  const secret = `pg_catalog.split_part(option, '=', 1) ~* 'key|pass|secret|token|credential'`;
  return `(SELECT pg_catalog.json_agg(CASE WHEN ${secret} THEN pg_catalog.split_part(option, '=', 1) || '=***' ELSE option END
                    ORDER BY option COLLATE "C") FROM pg_catalog.unnest(${column}) option)`;
}

/** Reads a letter of the catalog as a word: `decode('a.attidentity', { a: 'always' })`. Null for another letter. */
export function decode(column: string, words: Readonly<Record<string, string>>): string {
  const branches = Object.entries(words).map(([letter, word]) => `WHEN '${letter}' THEN '${word}'`);
  return `CASE ${column} ${branches.join(' ')} END`;
}

/** A JSON object of SQL expressions; what is null is left out, at any depth. */
export function object(fields: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(fields).map(([name, expression]) => `'${name}', ${expression}`);
  return `pg_catalog.json_strip_nulls(pg_catalog.json_build_object(${pairs.join(',\n           ')}))`;
}

import type { TableName } from '../../domain/restore-scope.ts';
import { jsonLiteral } from '../../domain/json-literal.ts';
import { doBlock, warnOfSkipped } from '../../domain/tolerant.ts';

/**
 * Rows are loaded with all triggers asleep, those of foreign keys among them. New foreign keys are checked when they are made; those
 * that the target had before are checked here: a row that refers to nothing ends the restore, or is told of.
 */
export function checkForeignKeys(tables: readonly TableName[], isStrict: boolean): string[] {
  if (tables.length === 0) return [];
  const message =
    "pg_catalog.format('rows of %s refer to rows of %s that are not there (%s)', key.child, key.parent, key.conname)";
  const tell = isStrict
    ? `RAISE EXCEPTION USING MESSAGE = ${message};`
    : warnOfSkipped("'foreign key ' || key.conname", message);
  const body = `DECLARE
  key record;
  missing boolean;
BEGIN
  FOR key IN
    WITH loaded AS (
      SELECT c.oid FROM pg_catalog.jsonb_to_recordset(${jsonLiteral(tables)}) AS t(schema name, name name)
        JOIN pg_catalog.pg_namespace n ON n.nspname = t.schema
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
    )
    SELECT k.conname, ${qualified('k.conrelid')} AS child, ${qualified('k.confrelid')} AS parent,
           (SELECT pg_catalog.string_agg(pg_catalog.format('c.%I = p.%I', a.attname, b.attname), ' AND ')
              FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS u(child_column, parent_column)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.child_column
              JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.parent_column) AS matches,
           (SELECT pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', a.attname), ' AND ')
              FROM pg_catalog.unnest(k.conkey) AS u(child_column)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.child_column) AS given
      FROM pg_catalog.pg_constraint k
     WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0
       AND (k.conrelid IN (SELECT oid FROM loaded) OR k.confrelid IN (SELECT oid FROM loaded))
  LOOP
    EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %s c WHERE %s AND NOT EXISTS (SELECT FROM %s p WHERE %s))',
                              key.child, key.given, key.parent, key.matches) INTO missing;
    IF missing THEN ${tell} END IF;
  END LOOP;
END`;
  return [`${doBlock(body)};`];
}

/** Whatever the search_path is. */
function qualified(relation: string): string {
  return `(SELECT pg_catalog.format('%I.%I', n.nspname, r.relname)
              FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace WHERE r.oid = ${relation})`;
}

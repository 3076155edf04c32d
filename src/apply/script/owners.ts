import type { z } from 'zod';
import type { ownerSchema } from '../../domain/catalog.ts';
import { jsonLiteral } from '../../domain/json-literal.ts';
import { doBlock, warnOfSkipped } from '../../domain/tolerant.ts';

export type WantedOwner = z.infer<typeof ownerSchema> & { readonly schema: string | null };

/** What stands between ALTER and the identity, by the type that `pg_identify_object` tells. */
const keywords: Readonly<Record<string, string>> = {
  aggregate: 'ROUTINE',
  collation: 'COLLATION',
  'composite type': 'TYPE',
  conversion: 'CONVERSION',
  domain: 'DOMAIN',
  'event trigger': 'EVENT TRIGGER',
  'foreign server': 'SERVER',
  'foreign table': 'FOREIGN TABLE',
  'foreign-data wrapper': 'FOREIGN DATA WRAPPER',
  function: 'ROUTINE',
  language: 'LANGUAGE',
  'large object': 'LARGE OBJECT',
  'materialized view': 'MATERIALIZED VIEW',
  operator: 'OPERATOR',
  'operator class': 'OPERATOR CLASS',
  'operator family': 'OPERATOR FAMILY',
  procedure: 'ROUTINE',
  publication: 'PUBLICATION',
  schema: 'SCHEMA',
  sequence: 'SEQUENCE',
  server: 'SERVER',
  subscription: 'SUBSCRIPTION',
  'statistics object': 'STATISTICS',
  table: 'TABLE',
  'text search configuration': 'TEXT SEARCH CONFIGURATION',
  'text search dictionary': 'TEXT SEARCH DICTIONARY',
  type: 'TYPE',
  view: 'VIEW',
};

/** Tables before their sequences, which follow them; schemas last, so that their new owners do not stand in the way. */
function rank({ type }: WantedOwner): number {
  if (type === 'schema') return 2;
  return type === 'sequence' ? 1 : 0;
}

/**
 * Gives objects the owners they had. A new owner needs CREATE on the schema (of a publication: on the database) for that moment, and
 * has it no longer. Objects that were not restored are passed over: they have been named already; before the `last` time, when not all of
 * them are there, nothing else is named either.
 */
export function restoreOwners(
  owners: readonly WantedOwner[],
  { superuser, last }: { readonly superuser: boolean; readonly last: boolean },
): string[] {
  const items = owners
    .filter(({ type }) => keywords[type] !== undefined)
    .toSorted((a, b) => rank(a) - rank(b))
    .map((wanted) => ({ ...wanted, keyword: keywords[wanted.type] }));
  if (items.length === 0) return [];
  const body = `DECLARE
  item record;
  place text;
  raised boolean;
BEGIN
  FOR item IN SELECT * FROM pg_catalog.jsonb_to_recordset(${jsonLiteral(items)}) AS w(type text, identity text, owner name, schema name, keyword text) LOOP
    CONTINUE WHEN item.type IN ('table', 'foreign table', 'view', 'materialized view', 'sequence') AND EXISTS (
      SELECT FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(item.identity) AND pg_catalog.pg_get_userbyid(c.relowner) = item.owner);
    BEGIN
      ${superuser ? '' : lend('GRANT', 'TO')}
      ${superuser ? raise('SUPERUSER') : ''}
      EXECUTE pg_catalog.format('ALTER %s %s OWNER TO %I', item.keyword, item.identity, item.owner);
      ${superuser ? raise('NOSUPERUSER') : ''}
      ${superuser ? '' : lend('REVOKE', 'FROM')}
    EXCEPTION
      WHEN undefined_object OR undefined_table OR undefined_function OR invalid_schema_name THEN NULL;
      WHEN OTHERS THEN
        ${last ? warnOfSkipped("'owner ' || item.owner || ' of ' || item.type || ' ' || item.identity", 'SQLERRM') : 'NULL;'}
    END;
  END LOOP;
END`;
  return [`${doBlock(body)};`];
}

/**
 * PostgreSQL wants superusers as owners of these; a platform lets others have them. So the owner is one for that moment, which nobody
 * outside of the transaction sees.
 */
function raise(attribute: 'SUPERUSER' | 'NOSUPERUSER'): string {
  const change = `IF raised THEN EXECUTE pg_catalog.format('ALTER ROLE %I ${attribute}', item.owner); END IF;`;
  if (attribute === 'NOSUPERUSER') return change;
  return `raised := item.type IN ('event trigger', 'foreign-data wrapper', 'subscription')
        AND EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = item.owner AND NOT rolsuper);
      ${change}`;
}

/** `place` is where the right was lent, until it is taken back; an error takes it back by itself. */
function lend(verb: 'GRANT' | 'REVOKE', preposition: 'TO' | 'FROM'): string {
  const execute = `EXECUTE pg_catalog.format('${verb} CREATE ON %s ${preposition} %I', place, item.owner);`;
  if (verb === 'REVOKE') return `IF place IS NOT NULL THEN ${execute} END IF;`;
  return `place := CASE
        WHEN item.type = 'publication' AND NOT pg_catalog.has_database_privilege(item.owner, pg_catalog.current_database(), 'CREATE')
          THEN pg_catalog.format('DATABASE %I', pg_catalog.current_database())
        WHEN item.schema IS NOT NULL AND item.type <> 'schema' AND NOT pg_catalog.has_schema_privilege(item.owner, item.schema, 'CREATE')
          THEN pg_catalog.format('SCHEMA %I', item.schema) END;
      IF place IS NOT NULL THEN ${execute} END IF;`;
}

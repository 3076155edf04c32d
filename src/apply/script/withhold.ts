import { jsonLiteral } from '../../domain/json-literal.ts';
import { doBlock } from '../../domain/tolerant.ts';
import type { WantedPrivileges } from './privileges.ts';

const relations = new Set(['table', 'view', 'materialized view', 'foreign table', 'sequence']);
const systemRelation = /^(pg_catalog|information_schema)\./;

/**
 * Takes what a target grants by default on new relations from everybody, and from the roles that an API serves to everybody
 * (https://supabase.com/docs/guides/database/postgres/roles), for the time in which a table has its rows but not yet its policies.
 * What a platform had before keeps what it has.
 */
export function withholdFromEverybody(wanted: readonly WantedPrivileges[]): string[] {
  const withheld = wanted.filter(
    ({ type, identity, owner, column }) =>
      relations.has(type) && !systemRelation.test(identity) && owner !== undefined && column === undefined,
  );
  if (withheld.length === 0) return [];
  const names = jsonLiteral(withheld.map(({ identity }) => identity));
  const body = `DECLARE
  relation text;
  roles text := (SELECT pg_catalog.string_agg(', ' || rolname, '') FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated'));
BEGIN
  FOR relation IN SELECT name FROM pg_catalog.jsonb_array_elements_text(${names}) name WHERE pg_catalog.to_regclass(name) IS NOT NULL LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON TABLE %s FROM PUBLIC%s', relation, roles);
  END LOOP;
END`;
  return [`${doBlock(body)};`];
}

import { jsonLiteral } from '../../domain/json-literal.ts';
import type { Decision } from '../../domain/selection.ts';
import { qualifyName } from '../../domain/sql.ts';
import { doBlock } from '../../domain/tolerant.ts';

const relations = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'SEQUENCE']);

/**
 * Takes what a target grants by default on the relations of this restore from everybody, and from the roles that an API serves to
 * everybody (https://supabase.com/docs/guides/database/postgres/roles), for the time in which a table has its rows but not yet its
 * policies.
 */
export function withholdFromEverybody(decisions: readonly Decision[]): string[] {
  const made = decisions.filter(({ action, entry }) => action !== 'skip' && relations.has(entry.description ?? ''));
  if (made.length === 0) return [];
  const names = jsonLiteral(made.map(({ entry }) => qualifyName({ schema: entry.schema ?? '', name: entry.tag ?? '' })));
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

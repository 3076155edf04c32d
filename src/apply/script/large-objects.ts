import type { z } from 'zod';
import type { largeObjectsSchema } from '../../domain/catalog.ts';
import { jsonLiteral } from '../../domain/json-literal.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/sql.ts';
import { doBlock, tolerateFailure } from '../../domain/tolerant.ts';

export type LargeObjectGroup = z.infer<typeof largeObjectsSchema>;

/** Owners and rights of large objects, a group at a time; needs the functions of the step of privileges. */
export function restoreLargeObjects(groups: readonly LargeObjectGroup[]): string[] {
  return groups.map(({ owner, grants, oids }) => {
    const item = jsonLiteral({ type: 'large object', owner, grants });
    const body = `DECLARE id text; BEGIN
  FOREACH id IN ARRAY pg_catalog.string_to_array(${quoteLiteral(oids)}, ' ') LOOP
    EXECUTE pg_catalog.format('ALTER LARGE OBJECT %s OWNER TO ${quoteIdentifier(owner).replaceAll("'", "''").replaceAll('%', '%%')}', id);
    PERFORM pg_temp.agent_reconcile(${item} || pg_catalog.jsonb_build_object('identity', id));
  END LOOP;
END`;
    return tolerateFailure(`owner ${owner} and privileges of large objects`, doBlock(body));
  });
}

import type { z } from 'zod';
import type { defaultPrivilegesSchema, privilegesSchema } from '../../domain/catalog.ts';
import { jsonLiteral } from '../../domain/json-literal.ts';
import { aclFunctions } from './acl-functions.ts';

/** An object, the exact set of rights that it shall have, and the owner that it had on the source. */
export type WantedPrivileges = z.infer<typeof privilegesSchema> & { readonly owner: string | undefined };
type Defaults = z.infer<typeof defaultPrivilegesSchema>;

/** Null grants: those that a server has where nobody has changed them. */
export type WantedDefaults = Omit<Defaults, 'grants'> & { readonly grants: Defaults['grants'] | null };

/**
 * Statements after which every object has exactly the rights it had: of what is there (the defaults of a new object, those that
 * ALTER DEFAULT PRIVILEGES of the target gave) and what shall be there only the difference is revoked and granted, each in the
 * name of its grantor. Replaying the GRANTs of a dump does not do: rights that a target gives by default would stay, and
 * PostgreSQL refuses to give grant options back to a grantor.
 */
export function reconcilePrivileges(wanted: readonly WantedPrivileges[], defaults: readonly WantedDefaults[]): string[] {
  const objects = wanted.toSorted((a, b) => rank(a) - rank(b));
  return [...aclFunctions, ...callForEach('agent_reconcile_defaults', defaults), ...callForEach('agent_reconcile', objects)];
}

/** Schemas first, since a grantor has to see what he grants on; columns last, since a REVOKE on a table takes theirs, too. */
function rank({ type, column }: WantedPrivileges): number {
  if (type === 'schema') return 0;
  return column === undefined ? 1 : 2;
}

const itemsInStatement = 500;

function callForEach(name: string, items: readonly object[]): string[] {
  const calls: string[] = [];
  for (let start = 0; start < items.length; start += itemsInStatement) {
    const part = jsonLiteral(items.slice(start, start + itemsInStatement));
    calls.push(`SELECT pg_temp.${name}(item) FROM pg_catalog.jsonb_array_elements(${part}) item;`);
  }
  return calls;
}

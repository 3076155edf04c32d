import type { z } from 'zod';
import type { CatalogDifference } from './catalog-difference.ts';
import type { CatalogRecord, membershipRecordSchema } from './catalog.ts';
import { listGained } from './privilege-leaks.ts';
import { isReservedRole } from './platform.ts';
import type { TargetKind } from './selection.ts';

/** What everybody on the internet is to a project's API: https://supabase.com/docs/guides/database/postgres/roles */
const publicRoles = new Set(['anon', 'authenticated']);
/** The platform tells of which version these are, and users have policies there. */
const versionedSchemas = new Set(['auth', 'storage']);
const withUsersPolicies = new Set(['auth', 'storage', 'realtime']);

type Membership = z.infer<typeof membershipRecordSchema>;

/**
 * Whether a membership that only the target has gives a role of the backup rights that it did not have there. Those of other roles
 * of the server do not, nor what a server of version 16 or newer gives to whoever makes a role (the admin option alone).
 */
export function isGainedMembership(
  { role, member, inheritOption, setOption }: Membership,
  { kind, roles }: { readonly kind: TargetKind; readonly roles: ReadonlySet<string> },
): boolean {
  if (inheritOption === false && setOption === false) return false;
  if (!roles.has(member) || !(roles.has(role) || role.startsWith('pg_'))) return false;
  if (kind === 'plain' || publicRoles.has(member)) return true;
  // Of its own roles the platform disposes; `postgres` is its user, who makes all others.
  return member !== 'postgres' && !(isReservedRole(role) && isReservedRole(member));
}

type Value = CatalogRecord['value'] | undefined;
type Attributes = Readonly<Record<string, unknown>>;

const powers = ['superuser', 'bypassRowSecurity', 'createRole', 'createDatabase', 'replication'];

/** Whether a role that everybody can be may do on the target what it may not in the backup. */
export function isGainedPower(role: string, before: Value, after: Value): boolean {
  const [was, is] = [before ?? {}, after ?? {}] as [Attributes, Attributes];
  return publicRoles.has(role) && powers.some((power) => was[power] === false && is[power] === true);
}

/**
 * Whether the target opens one of the platform's own tables that the backup keeps closed: by a policy, by row security that is off,
 * by rights for roles that are not the platform's own or that everybody can be. Another version of the platform may do so for
 * reasons of its own, but makes no policies.
 */
export function isOpenedByUser(
  { class: className, schema, kind, ...difference }: CatalogDifference,
  samePlatform: boolean,
): boolean {
  if (className === 'policy') return kind === 'extra' && withUsersPolicies.has(schema ?? '');
  if (!samePlatform || !versionedSchemas.has(schema ?? '') || kind === 'missing') return false;
  if (className === 'row security') {
    const [was, is] = [difference.before, difference.after] as [{ enabled?: boolean } | undefined, { enabled?: boolean }];
    return was?.enabled === true && is.enabled === false;
  }
  // Of a table that only the target has nothing is opened.
  const isOfKnown = kind === 'different' || (difference.after as { column?: string } | undefined)?.column !== undefined;
  if (className !== 'privileges' || !isOfKnown) return false;
  return listGained(difference.before, difference.after).some(
    ({ grantee }) => grantee === null || publicRoles.has(grantee) || !(isReservedRole(grantee) || grantee === 'the owner'),
  );
}

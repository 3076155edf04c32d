import { membershipRecordSchema } from '../../domain/catalog.ts';
import { recordsOf, type CatalogIndex } from '../../domain/catalog-index.ts';
import type { Role } from '../../domain/manifest.ts';
import { isManagedSchema, isReservedRole } from '../../domain/platform.ts';
import type { TargetKind } from '../../domain/selection.ts';
import type { PlanItem } from '../plan-types.ts';

export interface WantedRequest {
  readonly source: CatalogIndex;
  readonly found: CatalogIndex;
  /** Roles of the source, from the manifest. */
  readonly roles: readonly Role[];
  readonly target: {
    readonly kind: TargetKind;
    readonly major: number;
    readonly role: string;
    readonly superuser: boolean;
    readonly createsRoles: boolean;
    readonly roles: ReadonlySet<string>;
    readonly samePlatform: boolean;
  };
}

export interface Facts extends WantedRequest {
  readonly missing: ReadonlySet<string>;
  readonly actsAs: ReadonlySet<string>;
  readonly forbidden: PlanItem[];
}

/** Roles in whose name the restoring role can act, or will be able to: not those of the platform, unless it is a member. */
export function findActingRoles({ found, roles, target }: WantedRequest, missing: readonly Role[]): Set<string> {
  const memberships = recordsOf(found, 'membership', membershipRecordSchema).map(({ value }) => value);
  const joined = memberships.filter(({ member }) => member === target.role).map(({ role }) => role);
  const own = target.kind === 'plain' ? missing : [...missing, ...roles];
  return new Set([
    target.role,
    ...joined,
    ...own.map(({ name }) => name).filter((name) => target.kind === 'plain' || !isReservedRole(name)),
  ]);
}

/** A membership that the restoring role has already is not lent to it, nor taken away again. */
export function isUsableMember(found: CatalogIndex, role: string, member: string): boolean {
  return recordsOf(found, 'membership', membershipRecordSchema).some(
    ({ value }) => value.role === role && value.member === member && value.inheritOption !== false && value.setOption !== false,
  );
}

export function mayActAs({ target, actsAs }: Facts, role: string): boolean {
  return target.superuser || actsAs.has(role);
}

export function isManaged({ target }: Facts, schema: string | null): boolean {
  return target.kind !== 'plain' && schema !== null && isManagedSchema(schema);
}

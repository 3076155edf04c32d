import { commentSchema, membershipRecordSchema, settingSchema, type CatalogRecord } from '../domain/catalog.ts';
import { holdsSame, recordsOf, type CatalogIndex } from '../domain/catalog-index.ts';
import { collectRoles } from '../domain/comparison.ts';
import type { Manifest } from '../domain/manifest.ts';
import { isGainedMembership, isGainedPower } from '../domain/openings.ts';
import { isReservedRole } from '../domain/platform.ts';
import { unquoteIdentifier } from '../domain/sql.ts';
import type { PlanItem } from './plan-types.ts';
import type { TargetFacts } from './target.ts';

/** What is on the target in another shape than on the source, and stays so. */
export function listDeviations(
  manifest: Manifest,
  source: CatalogIndex,
  { target, found }: { readonly target: TargetFacts; readonly found: CatalogIndex },
): PlanItem[] {
  return [
    ...manifest.extensions.flatMap(({ name, version }) => {
      const offered = target.availableExtensions.get(name);
      if (offered === undefined || offered === version) return [];
      return [{ what: `extension ${name}`, why: `the target has version ${offered}, the backup ${version}` }];
    }),
    ...[...(source.get('role')?.values() ?? [])].filter((record) => isOtherRole(record, found, target)).map(describeRole),
    ...listKeptRoleFacts(source, found, target),
    ...listMoreMemberships(source, found, target),
  ];
}

/** Roles belong to a whole server: one that is there is not changed. */
function isOtherRole(record: CatalogRecord, found: CatalogIndex, { kind }: TargetFacts): boolean {
  const other = found.get('role')?.get(record.name);
  if (other === undefined || holdsSame(found, record)) return false;
  return kind === 'plain' || !isReservedRole(record.name) || isGainedPower(record.name, record.value, other.value);
}

function describeRole({ name }: CatalogRecord): PlanItem {
  return { what: `role ${name}`, why: 'the target has a role of that name with other attributes', explains: [`role ${name}`] };
}

/** On a server that may serve others as well, roles that are there keep their settings, memberships and comments. */
function listKeptRoleFacts(source: CatalogIndex, found: CatalogIndex, { kind, roles }: TargetFacts): PlanItem[] {
  const settings = recordsOf(source, 'setting', settingSchema).filter(
    ({ value, record }) => value.role !== null && !value.inDatabase && roles.has(value.role) && !holdsSame(found, record),
  );
  const memberships = recordsOf(source, 'membership', membershipRecordSchema).filter(
    ({ value, record }) => roles.has(value.role) && roles.has(value.member) && !holdsSame(found, record),
  );
  const comments = recordsOf(source, 'comment', commentSchema).filter(
    ({ value, record }) => value.type === 'role' && roles.has(unquoteIdentifier(value.identity)) && !holdsSame(found, record),
  );
  return [...(kind === 'plain' ? [...settings, ...memberships] : []), ...comments].map(({ name, record }) => ({
    what: `${record.class} ${name}`,
    why: 'the target has that role already, and a role that is there is not changed',
    explains: [`${record.class} ${name}`],
  }));
}

/** Memberships that the backup does not have are not taken away; they may open what comes to somebody else. */
function listMoreMemberships(source: CatalogIndex, found: CatalogIndex, { kind }: TargetFacts): PlanItem[] {
  const roles = collectRoles([...(source.get('role')?.values() ?? [])]);
  return recordsOf(found, 'membership', membershipRecordSchema)
    .filter(({ name, value }) => source.get('membership')?.has(name) !== true && isGainedMembership(value, { kind, roles }))
    .map(({ name }) => ({
      what: `membership ${name}`,
      why: 'the backup does not have it, and a role that is there is not changed',
      explains: [`membership ${name}`],
    }));
}

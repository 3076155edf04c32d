import { commentSchema, membershipRecordSchema, settingSchema } from '../../domain/catalog.ts';
import { holdsSame, recordsOf, type CatalogIndex } from '../../domain/catalog-index.ts';
import type { Role } from '../../domain/manifest.ts';
import { isChangeableReservedSetting, isReservedRole } from '../../domain/platform.ts';
import { unquoteIdentifier } from '../../domain/sql.ts';
import type { PlanItem } from '../plan-types.ts';
import type { MembershipRecord } from '../script/roles.ts';
import { describeSetting, type Setting } from '../script/settings.ts';
import type { Facts } from './facts.ts';

export function wantedSettings(facts: Facts): Setting[] {
  const { source, found, target, missing, forbidden } = facts;
  return recordsOf(source, 'setting', settingSchema).flatMap(({ name, value, record }) => {
    if (holdsSame(found, record)) return [];
    const { role } = value;
    // Set when the role is created.
    if (role !== null && missing.has(role) && !value.inDatabase) return [];
    const parameter = value.setting.slice(0, value.setting.indexOf('='));
    if (target.kind === 'plain') return role === null || missing.has(role) || value.inDatabase ? [value] : [];
    if (target.superuser) return [value];
    if (role === null && parameter.startsWith('app.settings.')) {
      forbidden.push({ what: describeSetting(value), why: 'the platform does not allow it', explains: [`setting ${name}`] });
      return [];
    }
    const isOfPlatform =
      role !== null && isReservedRole(role) && role !== target.role && !isChangeableReservedSetting(parameter);
    return isOfPlatform ? [] : [value];
  });
}

/** A membership between two roles that the target had before is its own affair, unless the platform made only one of them. */
export function wantedMemberships(facts: Facts): MembershipRecord[] {
  const { source, found, target, missing, forbidden } = facts;
  const known = (role: string): boolean => target.roles.has(role) || missing.has(role) || role.startsWith('pg_');
  return recordsOf(source, 'membership', membershipRecordSchema).flatMap(({ name, value, record }) => {
    const { role, member } = value;
    if (holdsSame(found, record) || !known(role) || !known(member)) return [];
    const isNew = missing.has(role) || missing.has(member);
    if (target.kind === 'plain') return isNew ? withoutHeldAdmin(facts, value) : [];
    if (isReservedRole(role) && isReservedRole(member)) return [];
    if (target.superuser || !/^(authenticator$|supabase_|pg_)/.test(role)) return withoutHeldAdmin(facts, value);
    forbidden.push({
      what: `membership of ${member} in ${role}`,
      why: 'the platform does not give that role to others',
      explains: [`membership ${name}`],
    });
    return [];
  });
}

/**
 * From 16 on the server gives who creates a role the admin option on it, and nobody the admin option that it has got from themselves:
 * "ADMIN option cannot be granted back to your own grantor". https://www.postgresql.org/docs/16/role-attributes.html (role creation)
 */
function withoutHeldAdmin({ found, target, missing }: Facts, membership: MembershipRecord): MembershipRecord[] {
  const { role, member, inheritOption, setOption } = membership;
  if (target.superuser || member !== target.role || target.major < 16) return [membership];
  const held = recordsOf(found, 'membership', membershipRecordSchema).some(
    ({ value }) => value.role === role && value.member === member && value.adminOption,
  );
  if (!held && !missing.has(role)) return [membership];
  return inheritOption === false && setOption === false ? [] : [{ ...membership, adminOption: false }];
}

/** Nor do its settings, memberships and comment come then. */
export function forbiddenRole(source: CatalogIndex, role: string, by: string): PlanItem {
  const memberships = recordsOf(source, 'membership', membershipRecordSchema);
  const settings = recordsOf(source, 'setting', settingSchema);
  const comments = recordsOf(source, 'comment', commentSchema);
  return {
    what: `role ${role}`,
    why: `${by} may not create roles`,
    explains: [
      ...roleKeys(source, role),
      ...memberships
        .filter(({ value }) => value.role === role || value.member === role)
        .map(({ name }) => `membership ${name}`),
      ...settings.filter(({ value }) => value.role === role).map(({ name }) => `setting ${name}`),
      ...comments
        .filter(({ value }) => value.type === 'role' && unquoteIdentifier(value.identity) === role)
        .map(({ name }) => `comment ${name}`),
    ],
  };
}

export function forbiddenAttributes(source: CatalogIndex, missing: readonly Role[], superuser: boolean): PlanItem[] {
  if (superuser) return [];
  return missing
    .filter((role) => role.superuser)
    .map(({ name }) => ({
      what: `SUPERUSER of role ${name}`,
      why: 'only a superuser makes superusers',
      explains: roleKeys(source, name),
    }));
}

/** Its record, which is named as SQL quotes it. */
function roleKeys(source: CatalogIndex, role: string): string[] {
  const names = [...(source.get('role')?.keys() ?? [])];
  return names.filter((name) => unquoteIdentifier(name) === role).map((name) => `role ${name}`);
}

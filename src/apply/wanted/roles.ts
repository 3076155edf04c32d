import { membershipRecordSchema, settingSchema } from '../../domain/catalog.ts';
import { holdsSame, recordsOf } from '../../domain/catalog-index.ts';
import type { Role } from '../../domain/manifest.ts';
import { isChangeableReservedSetting, isReservedRole } from '../../domain/platform.ts';
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
    if (target.kind === 'plain') return isNew ? [value] : [];
    if (isReservedRole(role) && isReservedRole(member)) return [];
    if (target.superuser || !/^(authenticator$|supabase_|pg_)/.test(role)) return [value];
    forbidden.push({
      what: `membership of ${member} in ${role}`,
      why: 'the platform does not give that role to others',
      explains: [`membership ${name}`],
    });
    return [];
  });
}

export function forbiddenRole(name: string, by: string): PlanItem {
  return { what: `role ${name}`, why: `${by} may not create roles`, explains: [`role ${name}`] };
}

export function forbiddenAttributes(missing: readonly Role[], superuser: boolean): PlanItem[] {
  if (superuser) return [];
  return missing
    .filter((role) => role.superuser)
    .map(({ name }) => ({
      what: `SUPERUSER of role ${name}`,
      why: 'only a superuser makes superusers',
      explains: [`role ${name}`],
    }));
}

import type { Membership, Role } from '../domain/manifest.ts';
import { quoteIdentifier, settingAssignment } from '../domain/sql.ts';

/**
 * The statements that create roles with their attributes, settings and memberships. Roles that exist on the target are not
 * among `missing` and stay as they are; a membership is granted only when one of its two roles is new.
 */
export function createRoleStatements(missing: readonly Role[], all: readonly Role[]): string[] {
  const created = new Set(missing.map(({ name }) => name));
  const known = new Set(all.map(({ name }) => name));
  const grants = all.flatMap((member) =>
    member.memberOf
      .filter(({ role }) => created.has(member.name) || created.has(role))
      // Predefined roles (pg_read_all_data) are not captured, but every server has them.
      .filter(({ role }) => known.has(role) || role.startsWith('pg_'))
      .map((membership) => grantStatement(membership, member.name)),
  );
  return [
    ...missing.map((role) => `CREATE ROLE ${quoteIdentifier(role.name)} WITH ${attributes(role)};`),
    ...missing.flatMap((role) =>
      role.settings.map((setting) => `ALTER ROLE ${quoteIdentifier(role.name)} SET ${settingAssignment(setting)};`),
    ),
    ...grants,
  ];
}

function attributes(role: Role): string {
  return [
    flag(role.superuser, 'SUPERUSER'),
    flag(role.inherit, 'INHERIT'),
    flag(role.createRole, 'CREATEROLE'),
    flag(role.createDatabase, 'CREATEDB'),
    flag(role.login, 'LOGIN'),
    flag(role.replication, 'REPLICATION'),
    flag(role.bypassRowSecurity, 'BYPASSRLS'),
    `CONNECTION LIMIT ${role.connectionLimit}`,
  ].join(' ');
}

function flag(on: boolean, name: string): string {
  return on ? name : `NO${name}`;
}

function grantStatement(membership: Membership, member: string): string {
  return `GRANT ${quoteIdentifier(membership.role)} TO ${quoteIdentifier(member)}${grantOptions(membership)};`;
}

export interface MembershipOptions {
  readonly adminOption: boolean;
  /** Undefined in manifests and null in catalogs of a source before 16. */
  readonly inheritOption?: boolean | null | undefined;
  readonly setOption?: boolean | null | undefined;
}

/** What a source before 16 did not have stays at the target's default, which means the same. A target is never older than the source. */
export function grantOptions({ adminOption, inheritOption, setOption }: MembershipOptions): string {
  if (typeof inheritOption !== 'boolean' || typeof setOption !== 'boolean') return adminOption ? ' WITH ADMIN OPTION' : '';
  return ` WITH ADMIN ${truth(adminOption)}, INHERIT ${truth(inheritOption)}, SET ${truth(setOption)}`;
}

function truth(value: boolean): string {
  return value ? 'TRUE' : 'FALSE';
}

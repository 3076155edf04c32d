import type { z } from 'zod';
import type { membershipRecordSchema } from '../../domain/catalog.ts';
import type { Role } from '../../domain/manifest.ts';
import { isReservedRole } from '../../domain/platform.ts';
import { quoteIdentifier, settingAssignment } from '../../domain/sql.ts';
import { tolerateFailure } from '../../domain/tolerant.ts';
import { grantOptions } from '../roles.ts';
import { describeSetting } from './settings.ts';

export type MembershipRecord = z.infer<typeof membershipRecordSchema>;

/**
 * Creates the roles that the target lacks, as a role that is no superuser: what every CREATEROLE may give is given at once, what a
 * platform may refuse (replication, bypassing row security, settings) is tried one by one.
 */
export function createRolesWithoutSuperuser(missing: readonly Role[]): string[] {
  return missing.flatMap((role) => {
    const name = quoteIdentifier(role.name);
    const special = [role.replication ? 'REPLICATION' : '', role.bypassRowSecurity ? 'BYPASSRLS' : ''].filter(
      (text) => text !== '',
    );
    const alter = (attribute: string): string =>
      tolerateFailure(`${attribute} of role ${role.name}`, `ALTER ROLE ${name} ${attribute}`);
    return [
      `CREATE ROLE ${name} WITH ${plainAttributes(role)};`,
      ...special.map(alter),
      ...role.settings.map((setting) =>
        tolerateFailure(
          describeSetting({ role: role.name, inDatabase: false, setting }),
          `ALTER ROLE ${name} SET ${settingAssignment(setting)}`,
        ),
      ),
    ];
  });
}

function plainAttributes(role: Role): string {
  const flags: readonly (readonly [boolean, string])[] = [
    [role.inherit, 'INHERIT'],
    [role.createRole, 'CREATEROLE'],
    [role.createDatabase, 'CREATEDB'],
    [role.login, 'LOGIN'],
  ];
  return [...flags.map(([on, name]) => (on ? name : `NO${name}`)), `CONNECTION LIMIT ${role.connectionLimit}`].join(' ');
}

/**
 * To give an object to a role, or to grant in its name, one has to be a member of it. `borrow` comes before everything, `giveBack`
 * after it; memberships that the restoring role shall keep are granted once more by the step of memberships.
 */
export function borrowMemberships(
  roles: readonly string[],
  role: string,
  major: number,
): { borrow: string[]; giveBack: string[] } {
  const me = quoteIdentifier(role);
  const options = major >= 16 ? ' WITH INHERIT TRUE, SET TRUE' : '';
  const borrowed = roles.filter((name) => name !== role && !isReservedRole(name)).map(quoteIdentifier);
  return {
    borrow: borrowed.map((name) => tolerateFailure(`membership of ${role} in ${name}`, `GRANT ${name} TO ${me}${options}`)),
    giveBack: borrowed.map((name) =>
      tolerateFailure(`end of the membership of ${role} in ${name}`, `REVOKE ${name} FROM ${me}`),
    ),
  };
}

/** One by one, since a platform refuses some (GRANT authenticator, supabase_... TO anything). */
export function grantMemberships(memberships: readonly MembershipRecord[]): string[] {
  return memberships.map((membership) => {
    const { role, member } = membership;
    return tolerateFailure(
      `membership of ${member} in ${role}`,
      `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)}${grantOptions(membership)}`,
    );
  });
}

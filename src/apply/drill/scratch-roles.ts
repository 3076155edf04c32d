import { commentSchema, roleRecordSchema } from '../../domain/catalog.ts';
import { createsRolesSafely } from '../../domain/drill/judge-restore.ts';
import { recordsOf, type CatalogIndex } from '../../domain/catalog-index.ts';
import type { Manifest } from '../../domain/manifest.ts';
import { quoteIdentifier, quoteLiteral, settingAssignment, unquoteIdentifier } from '../../domain/sql.ts';
import { createRoleStatements } from '../roles.ts';
import { describeSetting } from '../script/settings.ts';

/** A statement about a role, and what to call it when the server refuses it. */
export interface RoleStatement {
  readonly what: string;
  readonly sql: string;
}

/** By which a role could run programs on this machine, or reach its files. */
const roleOfMachine = /^pg_(execute_server_program|read_server_files|write_server_files)$/;

/**
 * The roles of a backup as a scratch server has them: attributes, memberships, settings, expiry dates and comments as they were, but
 * nobody is a superuser, nor gets at this machine. `restorer` is a member of each; nobody but `restorer` ever connects.
 *
 * Before 16 a role that may create roles may also make itself a member of any that is no superuser, pg_execute_server_program among them;
 * from 16 on it gives away only what it was given. REPLICATION is worth nothing to who does not connect and without WAL senders, and past
 * row security there is nothing but the rows of the backup.
 */
export function scratchRoleStatements(
  roles: Manifest['roles'],
  catalog: CatalogIndex,
  { restorer, major }: { readonly restorer: string; readonly major: number },
): { readonly make: string[]; readonly settings: RoleStatement[] } {
  const harmless = roles.map((role) => ({
    ...role,
    superuser: false,
    createRole: role.createRole && createsRolesSafely(major),
    settings: [],
    memberOf: role.memberOf.filter((membership) => !roleOfMachine.test(membership.role)),
  }));
  const known = new Set(roles.map(({ name }) => name));
  const options = major >= 16 ? ' WITH INHERIT TRUE, SET TRUE' : '';
  return {
    make: [
      ...createRoleStatements(harmless, harmless),
      ...recordsOf(catalog, 'role', roleRecordSchema).flatMap(({ name, value }) =>
        value.validUntil === undefined || !known.has(unquoteIdentifier(name))
          ? []
          : [`ALTER ROLE ${quoteIdentifier(unquoteIdentifier(name))} VALID UNTIL ${quoteLiteral(value.validUntil)}`],
      ),
      ...recordsOf(catalog, 'comment', commentSchema).flatMap(({ value }) =>
        value.type !== 'role' || !known.has(unquoteIdentifier(value.identity))
          ? []
          : [`COMMENT ON ROLE ${quoteIdentifier(unquoteIdentifier(value.identity))} IS ${quoteLiteral(value.text)}`],
      ),
      ...roles.map(({ name }) => `GRANT ${quoteIdentifier(name)} TO ${quoteIdentifier(restorer)}${options}`),
    ],
    settings: roles.flatMap((role) =>
      role.settings.map((setting) => ({
        what: describeSetting({ role: role.name, inDatabase: false, setting }),
        sql: `ALTER ROLE ${quoteIdentifier(role.name)} SET ${settingAssignment(setting)}`,
      })),
    ),
  };
}

import type { PartSource, PostgresPrograms, Snapshot } from '../context.ts';
import { archivePaths, type Manifest, type Role } from '../domain/manifest.ts';
import { connectionString } from '../domain/sql.ts';

interface RoleRow extends Omit<Role, 'memberOf' | 'settings'> {
  readonly memberOf: Role['memberOf'] | null;
  readonly settings: string[] | null;
}

/** roles.sql: every role of the server with its attributes and memberships. Passwords cannot be read without a superuser; they are never asked for. */
export function captureRolesPart(
  programs: PostgresPrograms,
  server: Manifest['server'],
  environment: Record<string, string>,
): PartSource {
  return {
    path: archivePaths.roles,
    output: {
      file: programs.pgDumpall,
      args: ['--roles-only', '--no-role-passwords', `--database=${connectionString(server.database)}`],
      env: environment,
    },
  };
}

/** The same roles from the catalog, for a restore that creates only what its target lacks. */
export async function captureRoles(snapshot: Snapshot): Promise<Role[]> {
  const rows = await snapshot.query<RoleRow>(`
    SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolinherit AS inherit, r.rolcreaterole AS "createRole",
           r.rolcreatedb AS "createDatabase", r.rolcanlogin AS login, r.rolreplication AS replication,
           r.rolbypassrls AS "bypassRowSecurity", r.rolconnlimit AS "connectionLimit", r.rolconfig AS settings,
           (SELECT pg_catalog.json_agg(${membership} ORDER BY g.role)
              FROM (${membershipOptions}) g) AS "memberOf"
      FROM pg_catalog.pg_roles r
     WHERE r.rolname !~ '^pg_'
     ORDER BY r.rolname`);
  return rows.map((row) => ({ ...row, memberOf: row.memberOf ?? [], settings: row.settings ?? [] }));
}

const membership = `pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
             'role', g.role, 'adminOption', g.admin, 'inheritOption', g.inherit, 'setOption', g.set))`;

/**
 * From 16 on a role may be granted to the same member by several others; what one of them gives counts. The options of 16 are
 * read through JSON, where a server that lacks them answers null.
 */
const membershipOptions = `
              SELECT a.rolname AS role, pg_catalog.bool_or(m.admin_option) AS admin,
                     pg_catalog.bool_or((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean) AS inherit,
                     pg_catalog.bool_or((pg_catalog.to_jsonb(m) ->> 'set_option')::boolean) AS set
                FROM pg_catalog.pg_auth_members m
                JOIN pg_catalog.pg_roles a ON a.oid = m.roleid
               WHERE m.member = r.oid
               GROUP BY a.rolname`;

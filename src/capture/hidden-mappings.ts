import type { Snapshot } from '../context.ts';

/**
 * The user mappings whose options the connecting role may not see, as `reporter on billing`. pg_dump writes those without their options
 * and says nothing. Who sees them is what the definition of the view pg_user_mappings says:
 * https://www.postgresql.org/docs/current/view-pg-user-mappings.html
 */
export async function findHiddenMappings(snapshot: Pick<Snapshot, 'query'>): Promise<string[]> {
  const rows = await snapshot.query<{ name: string }>(`
    SELECT pg_catalog.format('%s on %s', CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE m.usename END, m.srvname) AS name
      FROM pg_catalog.pg_user_mappings m
      JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
     WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
       AND NOT (m.usename = current_user AND pg_catalog.has_server_privilege(s.oid, 'USAGE'))
       AND NOT (pg_catalog.pg_has_role(s.srvowner, 'USAGE') AND (m.umuser = 0 OR m.usename = current_user))
     ORDER BY 1`);
  return rows.map(({ name }) => name);
}

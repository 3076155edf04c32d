import type { Session } from '../context.ts';
import { relationKey, type TargetRelation } from '../domain/selection.ts';

/** What the role of a target may do with what is there. */
export interface PlatformFacts {
  readonly relations: ReadonlyMap<string, TargetRelation>;
  readonly creatable: ReadonlySet<string>;
  readonly privileged: boolean;
  /** Whether triggers and rules can be kept from firing while rows are loaded. */
  readonly replicates: boolean;
}

interface RelationRow extends Omit<TargetRelation, 'policies'> {
  readonly owner: string;
}

/** Looks into the catalog; touches nothing. */
export async function readPlatform(session: Session): Promise<PlatformFacts> {
  const [settings] = await session.query<{
    privileged: boolean | null;
    policies: string | null;
    role: string;
    superuser: boolean;
  }>(`
    SELECT (SELECT pg_catalog.pg_has_role(p.oid, 'MEMBER') FROM pg_catalog.pg_roles p
              WHERE p.rolname = pg_catalog.current_setting('supautils.privileged_role', true)) AS privileged,
           pg_catalog.current_setting('supautils.policy_grants', true) AS policies,
           rolname AS role, rolsuper AS superuser
      FROM pg_catalog.pg_roles WHERE rolname = current_user`);
  const { privileged, role, superuser } = settings!;
  const granted = policyTables(settings!.policies, role);
  const rows = await session.query<RelationRow>(relationsQuery);
  const schemas = await session.query<{ name: string }>(`
    SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE pg_catalog.has_schema_privilege(oid, 'CREATE')`);
  return {
    relations: new Map(
      rows.map((row) => [
        relationKey(row.schema, row.name),
        { ...row, policies: row.owned || granted.has(`${row.schema}.${row.name}`) },
      ]),
    ),
    creatable: new Set(schemas.map(({ name }) => name)),
    privileged: superuser || privileged === true,
    replicates: await mayReplicate(session),
  };
}

/** supautils keeps `{"postgres": ["auth.users", "storage.objects"]}`: https://github.com/supabase/supautils#policies-on-tables */
function policyTables(text: string | null, role: string): Set<string> {
  try {
    const tables = (JSON.parse(text ?? '{}') as Record<string, string[]>)[role] ?? [];
    return new Set(tables.map((table) => table.replaceAll('"', '')));
  } catch {
    return new Set();
  }
}

const relationsQuery = `
  SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
         pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
         CASE WHEN c.relkind = 'S' THEN false ELSE pg_catalog.has_table_privilege(c.oid, 'INSERT') END AS insert,
         CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'UPDATE')
              ELSE pg_catalog.has_table_privilege(c.oid, 'UPDATE') END AS update,
         CASE WHEN c.relkind = 'S' THEN false ELSE pg_catalog.has_table_privilege(c.oid, 'TRIGGER') END AS trigger,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> '') AS computed
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_t'`;

/** supautils allows this beside the privileges that the catalog knows, so it is tried, in a transaction that writes nothing. */
async function mayReplicate(session: Session): Promise<boolean> {
  await session.query('BEGIN');
  try {
    await session.query('SET LOCAL session_replication_role = replica');
    return true;
  } catch {
    return false;
  } finally {
    await session.query('ROLLBACK');
  }
}

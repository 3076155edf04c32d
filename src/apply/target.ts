import type { ConnectionConfig } from '../config/project-config.ts';
import type { Databases } from '../context.ts';

/** What a restore has to know of the database that it goes into. */
export interface TargetFacts {
  readonly version: string;
  readonly major: number;
  readonly database: string;
  readonly encoding: string;
  readonly role: string;
  readonly superuser: boolean;
  /** What stands in the way of calling it empty: "12 tables in public", say. Nothing in an empty database. */
  readonly contents: readonly string[];
  readonly roles: ReadonlySet<string>;
  /** Extensions that CREATE EXTENSION would find. */
  readonly availableExtensions: ReadonlySet<string>;
}

interface FactsRow {
  readonly version: string;
  readonly version_number: string;
  readonly database: string;
  readonly encoding: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly contents: string[];
  readonly roles: string[];
  readonly extensions: string[];
}

/** Looks at a target; touches nothing. Throws AppError source_unreachable. */
export async function inspectTarget(databases: Databases, connection: ConnectionConfig): Promise<TargetFacts> {
  const session = await databases.connect(connection);
  try {
    const [row] = await session.query<FactsRow>(factsQuery);
    const { version, database, encoding, role, superuser, contents } = row!;
    return {
      version,
      database,
      encoding,
      role,
      superuser,
      contents,
      major: Math.trunc(Number(row!.version_number) / 10_000),
      roles: new Set(row!.roles),
      availableExtensions: new Set(row!.extensions),
    };
  } finally {
    await session.close();
  }
}

/** Members of extensions do not count: a plain database may well have some installed in its template. */
const factsQuery = `
  WITH owned AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
  ), namespaces AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  ), found (what, schema) AS (
    SELECT 'relation', n.nspname FROM pg_catalog.pg_class c JOIN namespaces n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND ('pg_catalog.pg_class'::pg_catalog.regclass, c.oid) NOT IN (SELECT classid, objid FROM owned)
    UNION ALL
    SELECT 'function', n.nspname FROM pg_catalog.pg_proc p JOIN namespaces n ON n.oid = p.pronamespace
     WHERE ('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid) NOT IN (SELECT classid, objid FROM owned)
    UNION ALL
    SELECT 'type', n.nspname FROM pg_catalog.pg_type t JOIN namespaces n ON n.oid = t.typnamespace
     WHERE t.typtype IN ('e', 'd', 'r') AND ('pg_catalog.pg_type'::pg_catalog.regclass, t.oid) NOT IN (SELECT classid, objid FROM owned)
    UNION ALL
    SELECT 'schema', n.nspname FROM namespaces n
     WHERE n.nspname <> 'public' AND ('pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid) NOT IN (SELECT classid, objid FROM owned)
  ), counted AS (
    SELECT pg_catalog.format('%s %s(s) in schema %s', pg_catalog.count(*), what, schema) AS text FROM found GROUP BY what, schema
    UNION ALL
    SELECT pg_catalog.format('%s large object(s)', pg_catalog.count(*)) FROM pg_catalog.pg_largeobject_metadata HAVING pg_catalog.count(*) > 0
  )
  SELECT pg_catalog.current_setting('server_version') AS version,
         pg_catalog.current_setting('server_version_num') AS version_number,
         pg_catalog.current_database() AS database,
         pg_catalog.current_setting('server_encoding') AS encoding,
         r.rolname AS role,
         r.rolsuper AS superuser,
         ARRAY(SELECT text FROM counted ORDER BY text) AS contents,
         ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles) AS roles,
         ARRAY(SELECT name::text FROM pg_catalog.pg_available_extensions) AS extensions
    FROM pg_catalog.pg_roles r
   WHERE r.rolname = current_user`;

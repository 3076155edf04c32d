import type { PostgresPrograms, RunContext, Session } from '../context.ts';
import type { ConnectionConfig } from '../config/project-config.ts';
import { contentSettings } from '../catalog/content-settings.ts';
import { readCatalog } from '../catalog/read-catalog.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { indexCatalog } from '../domain/catalog-index.ts';
import type { DumpEntry } from '../domain/dump-head.ts';
import { isManagedSchema } from '../domain/platform.ts';
import type { TableName } from '../domain/restore-scope.ts';
import { chooseSearchPath } from '../domain/search-path.ts';
import type { TargetKind } from '../domain/selection.ts';
import { readContents } from './target-contents.ts';
import { readExtensions, type ExtensionFacts } from './target-extensions.ts';
import { queryKind } from './target-kind.ts';
import { readDefinitions } from './target-definitions.ts';
import { readPlatform, type PlatformFacts } from './target-platform.ts';

/** What a restore has to know of the database that it goes into. */
export interface TargetFacts extends PlatformFacts, ExtensionFacts {
  readonly kind: TargetKind;
  readonly version: string;
  readonly major: number;
  readonly database: string;
  readonly encoding: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly createsRoles: boolean;
  /** What stands in the way of calling it empty: "12 tables in public", say. Nothing in an empty database. */
  readonly contents: readonly string[];
  readonly roles: ReadonlySet<string>;
  /** Of the backup's tables those that are there and hold rows, by `relationKey`. */
  readonly occupied: ReadonlySet<string>;
  readonly largeObjects: number;
  /** What is there, as the table of contents of a dump tells it, and as the catalog does. */
  readonly entries: readonly DumpEntry[];
  readonly catalog: readonly CatalogRecord[];
}

interface FactsRow {
  readonly version: string;
  readonly version_number: string;
  readonly database: string;
  readonly encoding: string;
  readonly role: string;
  readonly superuser: boolean;
  readonly creates_roles: boolean;
  readonly roles: string[];
}

export interface TargetRequest {
  readonly connection: ConnectionConfig;
  /** The client programs for a server of this major version, at least. */
  readonly findPrograms: (serverMajor: number) => Promise<PostgresPrograms>;
  /** The backup's tables. */
  readonly tables: readonly TableName[];
  /** The names of the backup's extensions. */
  readonly extensions: readonly string[];
  /** From `clientEnvironment`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Looks at a target; leaves nothing there. Throws AppError target_unreachable, tool_missing. */
export async function inspectTarget(context: RunContext, request: TargetRequest): Promise<TargetFacts> {
  const session = await context.databases.connect(request.connection);
  try {
    await session.query("SELECT pg_catalog.set_config('search_path', '', false)");
    await session.query(contentSettings);
    const [row] = await session.query<FactsRow>(factsQuery);
    const { version, database, encoding, role, superuser } = row!;
    const kind = await queryKind(session);
    const major = Math.trunc(Number(row!.version_number) / 10_000);
    const programs = await request.findPrograms(major);
    const catalog = await readCatalog(session);
    const entries = await readDefinitions(context, session, { ...request, database, encoding, programs });
    await session.query("SELECT pg_catalog.set_config('search_path', $1, false)", [chooseSearchPath(indexCatalog(catalog))]);
    return {
      kind,
      version,
      major,
      database,
      encoding,
      role,
      superuser,
      createsRoles: row!.creates_roles,
      contents: await listContents(session, kind),
      roles: new Set(row!.roles),
      ...(await readContents(session, request.tables)),
      entries,
      catalog,
      ...(await readPlatform(session)),
      ...(await readExtensions(session, request.extensions)),
    };
  } finally {
    await session.close();
  }
}

async function listContents(session: Session, kind: TargetKind): Promise<string[]> {
  const found = await session.query<{ what: string; schema: string | null; count: string }>(contentsQuery);
  const inTheWay = found.filter(({ schema }) => kind === 'plain' || schema === null || !isManagedSchema(schema));
  return inTheWay.map(({ what, schema, count }) => `${count} ${what}(s)${schema === null ? '' : ` in schema ${schema}`}`);
}

const factsQuery = `
  SELECT pg_catalog.current_setting('server_version') AS version,
         pg_catalog.current_setting('server_version_num') AS version_number,
         pg_catalog.current_database() AS database,
         pg_catalog.current_setting('server_encoding') AS encoding,
         r.rolname AS role,
         r.rolsuper AS superuser,
         r.rolsuper OR r.rolcreaterole AS creates_roles,
         ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles) AS roles
    FROM pg_catalog.pg_roles r
   WHERE r.rolname = current_user`;

/** Members of extensions do not count: a plain database may well have some installed in its template. */
const contentsQuery = `
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
  )
  SELECT what, schema, pg_catalog.count(*)::text AS count FROM found GROUP BY what, schema
  UNION ALL
  SELECT 'large object', NULL, pg_catalog.count(*)::text FROM pg_catalog.pg_largeobject_metadata HAVING pg_catalog.count(*) > 0
  ORDER BY 1, 2`;

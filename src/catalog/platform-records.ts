import type { Session } from '../context.ts';
import type { CatalogRecord } from '../domain/catalog.ts';

/**
 * classes cron job, vault secret and platform version: rows of tables that are a part of the definition. Where the table is not there, or not
 * readable as a whole, there are no records: an error would end the transaction that holds the snapshot.
 */
export async function readPlatformRecords(session: Pick<Session, 'query'>): Promise<CatalogRecord[]> {
  const readable = await session.query<{ name: string }>(readableTablesQuery);
  const names = new Set(readable.map(({ name }) => name));
  return [
    ...(names.has('cron.job') ? await session.query<CatalogRecord>(cronJobsQuery) : []),
    ...(names.has('vault.secrets') ? await session.query<CatalogRecord>(vaultSecretsQuery) : []),
    ...(names.has('auth.schema_migrations') ? await session.query<CatalogRecord>(authVersionQuery) : []),
    ...(names.has('storage.migrations') ? await session.query<CatalogRecord>(storageVersionQuery) : []),
  ];
}

/** Row security that is active for this role would hide rows, or raise an error where `row_security` is off. */
const readableTablesQuery = `
  SELECT t.name
    FROM (VALUES ('cron', 'job', '{jobid,schedule,command,database,username,active}'::text[]),
                 ('vault', 'secrets', '{id,name}'),
                 ('auth', 'schema_migrations', '{version}'),
                 ('storage', 'migrations', '{id,name}')) AS w (schema, relation, columns)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relation AND c.relkind IN ('r', 'p')
   CROSS JOIN LATERAL (SELECT w.schema || '.' || w.relation AS name) t
   WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND NOT pg_catalog.row_security_active(c.oid)
     AND NOT EXISTS (SELECT FROM pg_catalog.unnest(w.columns) wanted
                       LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = wanted
                      WHERE a.attnum IS NULL OR NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'))
     AND (w.schema <> 'cron' OR pg_catalog.has_table_privilege(c.oid, 'SELECT'))`;

/** Jobs have names from pg_cron 1.3 on. */
const cronJobsQuery = `
  SELECT 'cron job' AS class, coalesce(j.job, 'unnamed: ' || j.schedule || ' ' || j.command) AS name, NULL AS schema,
         pg_catalog.to_json(j) AS value
    FROM (SELECT pg_catalog.to_jsonb(c) ->> 'jobname' AS job, c.schedule, c.command,
                 NULLIF(c.database, pg_catalog.current_database()) AS database, c.username, c.active
            FROM cron.job c) j`;

/** Never more than this: all else of the row is the secret, or describes it. */
const vaultSecretsQuery = `
  SELECT 'vault secret' AS class, coalesce(s.name, s.id::text) AS name, NULL AS schema,
         pg_catalog.json_build_object('name', s.name) AS value
    FROM vault.secrets s`;

/** Up to which of its own migrations the platform is: in the schema of auth by date, in that of storage by number. */
const authVersionQuery = `
  SELECT 'platform version' AS class, 'auth' AS name, 'auth' AS schema,
         pg_catalog.json_build_object('version', pg_catalog.max(m.version COLLATE "C")) AS value
    FROM auth.schema_migrations m`;

const storageVersionQuery = `
  SELECT 'platform version' AS class, 'storage' AS name, 'storage' AS schema,
         pg_catalog.json_build_object('version', pg_catalog.max(m.id), 'name', (SELECT l.name FROM storage.migrations l ORDER BY l.id DESC LIMIT 1)) AS value
    FROM storage.migrations m`;

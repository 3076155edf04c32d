/**
 * What belongs to the Supabase platform and not to its user. The lists are those of the Supabase CLI (`supabase db dump`) and of
 * supautils' configuration in supabase/postgres; schemas that an extension brings along are among them.
 */

const managedSchemas = new Set([
  'information_schema',
  '_analytics',
  '_realtime',
  '_supavisor',
  'auth',
  'cron',
  'dbdev',
  'etl',
  'extensions',
  'graphql',
  'graphql_public',
  'net',
  'pgbouncer',
  'pgmq',
  'pgsodium',
  'pgsodium_masks',
  'pgtle',
  'realtime',
  'repack',
  'storage',
  'supabase_functions',
  'tiger',
  'tiger_data',
  'topology',
  'vault',
]);

/** Whether the platform makes a schema, so that a fresh project has it already. supabase_migrations is the user's: the CLI makes it. */
export function isManagedSchema(schema: string): boolean {
  return managedSchemas.has(schema) || /^(pg_|_?timescaledb_)/.test(schema);
}

/** Records of what the platform itself has set up; rows of another project would make it set up things twice, or not at all. */
const platformTables = new Set([
  'auth.schema_migrations',
  'storage.migrations',
  'storage.buckets_vectors',
  'storage.vector_indexes',
  'supabase_functions.migrations',
]);
const platformRowSchemas = new Set([
  'realtime',
  '_realtime',
  'cron',
  'net',
  'pgsodium',
  'graphql',
  'graphql_public',
  '_analytics',
  '_supavisor',
]);

/** Whether the rows of a table are the platform's own, which a restore leaves as they are on the target. */
export function isPlatformData(schema: string, table: string): boolean {
  return platformRowSchemas.has(schema) || platformTables.has(`${schema}.${table}`);
}

const reservedRoles = new Set([
  'anon',
  'authenticated',
  'authenticator',
  'dashboard_user',
  'pgbouncer',
  'postgres',
  'service_role',
  'pgsodium_keyholder',
  'pgsodium_keyiduser',
  'pgsodium_keymaker',
  'pgtle_admin',
]);

/** Whether a role belongs to the platform: it exists on every project, and only a superuser may change it. */
export function isReservedRole(role: string): boolean {
  return reservedRoles.has(role) || /^(supabase_|cli_login_|pg_)/.test(role);
}

/** Whether objects that a role owns are the platform's. `postgres` is the user's own role there. */
export function isPlatformOwner(role: string): boolean {
  return role !== 'postgres' && isReservedRole(role);
}

/** Settings of reserved roles that `postgres` may change (supautils.reserved_roles in supabase/postgres). */
export function isChangeableReservedSetting(name: string): boolean {
  return /^(pgaudit|pgrst)\./.test(name) || ['session_replication_role', 'statement_timeout', 'track_io_timing'].includes(name);
}

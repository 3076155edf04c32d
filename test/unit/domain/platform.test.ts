import { expect, test } from 'vitest';
import {
  isChangeableReservedSetting,
  isManagedSchema,
  isPlatformData,
  isPlatformOwner,
  isReservedRole,
} from '../../../src/domain/platform.ts';

test.each([
  ['auth', true],
  ['storage', true],
  ['vault', true],
  ['pg_catalog', true],
  ['pg_toast_temp_3', true],
  ['timescaledb_information', true],
  ['_timescaledb_catalog', true],
  ['information_schema', true],
  ['public', false],
  // The CLI makes it in the name of the user.
  ['supabase_migrations', false],
  ['Auth', false],
  ['auth_extra', false],
])('the platform makes schema %s: %s', (schema, expected) => {
  expect(isManagedSchema(schema)).toBe(expected);
});

test.each([
  ['auth', 'schema_migrations', true],
  ['auth', 'users', false],
  ['storage', 'migrations', true],
  ['storage', 'objects', false],
  ['realtime', 'messages', true],
  ['cron', 'job', true],
  ['vault', 'secrets', false],
  ['public', 'migrations', false],
])("the rows of %s.%s are the platform's own: %s", (schema, table, expected) => {
  expect(isPlatformData(schema, table)).toBe(expected);
});

test.each([
  ['anon', true, true],
  ['supabase_auth_admin', true, true],
  ['cli_login_postgres', true, true],
  ['pg_monitor', true, true],
  // Nobody may change it, and what it owns is the user's.
  ['postgres', true, false],
  ['app', false, false],
  ['supabase', false, false],
  ['my_pgbouncer', false, false],
])("role %s is reserved: %s, and what it owns the platform's: %s", (role, reserved, owner) => {
  expect([isReservedRole(role), isPlatformOwner(role)]).toEqual([reserved, owner]);
});

test.each([
  ['pgrst.db_schemas', true],
  ['pgaudit.log', true],
  ['statement_timeout', true],
  ['session_replication_role', true],
  ['track_io_timing', true],
  ['search_path', false],
  ['pgrst', false],
])('postgres may set %s of reserved roles: %s', (name, expected) => {
  expect(isChangeableReservedSetting(name)).toBe(expected);
});

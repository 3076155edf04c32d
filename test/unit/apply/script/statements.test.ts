import { describe, expect, test } from 'vitest';
import { scheduleJobs, type CronJob } from '../../../../src/apply/script/cron.ts';
import { borrowMemberships, createRolesWithoutSuperuser, grantMemberships } from '../../../../src/apply/script/roles.ts';
import { applySettings, describeSetting, type Setting } from '../../../../src/apply/script/settings.ts';
import { tolerateFailure } from '../../../../src/domain/tolerant.ts';
import { roleOf } from '../../../helpers/restore-plan.ts';

describe('roles, without a superuser', () => {
  test('are made with what anybody may give, and the rest is tried', () => {
    const role = roleOf('my "app"', {
      superuser: true,
      inherit: false,
      createRole: true,
      createDatabase: true,
      login: true,
      connectionLimit: 7,
      replication: true,
      bypassRowSecurity: true,
      settings: ['statement_timeout=8s'],
    });
    expect(createRolesWithoutSuperuser([role])).toEqual([
      'CREATE ROLE "my ""app""" WITH NOINHERIT CREATEROLE CREATEDB LOGIN CONNECTION LIMIT 7;',
      tolerateFailure('REPLICATION of role my "app"', 'ALTER ROLE "my ""app""" REPLICATION'),
      tolerateFailure('BYPASSRLS of role my "app"', 'ALTER ROLE "my ""app""" BYPASSRLS'),
      // Named as a comparison will look for it.
      tolerateFailure(
        describeSetting({ role: 'my "app"', inDatabase: false, setting: 'statement_timeout=8s' }),
        `ALTER ROLE "my ""app""" SET "statement_timeout" TO '8s'`,
      ),
    ]);
    expect(createRolesWithoutSuperuser([roleOf('plain')])).toEqual([
      'CREATE ROLE "plain" WITH INHERIT NOCREATEROLE NOCREATEDB NOLOGIN CONNECTION LIMIT -1;',
    ]);
  });

  test.each([
    [15, ''],
    [16, ' WITH INHERIT TRUE, SET TRUE'],
  ])('are joined for a while on PostgreSQL %i, but for oneself and those of the platform', (major, options) => {
    expect(borrowMemberships(['postgres', 'app', 'anon', 'supabase_admin'], 'postgres', major)).toEqual({
      borrow: [tolerateFailure('membership of postgres in "app"', `GRANT "app" TO "postgres"${options}`)],
      giveBack: [tolerateFailure('end of the membership of postgres in "app"', 'REVOKE "app" FROM "postgres"')],
    });
  });

  test.each([
    ['as they were before 16', { inheritOption: null, setOption: null }, ''],
    ['with the admin option before 16', { adminOption: true, inheritOption: null, setOption: null }, ' WITH ADMIN OPTION'],
    ['with all options', { adminOption: true }, ' WITH ADMIN TRUE, INHERIT FALSE, SET TRUE'],
  ])('are members %s', (_, options, expected) => {
    const membership = { role: 'a "b"', member: 'c', adminOption: false, inheritOption: false, setOption: true, ...options };
    expect(grantMemberships([membership])).toEqual([
      tolerateFailure('membership of c in a "b"', `GRANT "a ""b""" TO "c"${expected}`),
    ]);
  });
});

describe('settings', () => {
  test.each<[Setting, string, string]>([
    [
      { role: null, inDatabase: true, setting: 'TimeZone=UTC' },
      'setting TimeZone of the database',
      `ALTER DATABASE "my db" SET "TimeZone" TO 'UTC'`,
    ],
    [
      { role: 'app', inDatabase: false, setting: 'work_mem=1MB' },
      'setting work_mem of role app',
      `ALTER ROLE "app" SET "work_mem" TO '1MB'`,
    ],
    [
      { role: 'app', inDatabase: true, setting: 'app.secret=a=b' },
      'setting app.secret of role app in the database',
      `ALTER ROLE "app" IN DATABASE "my db" SET "app"."secret" TO 'a=b'`,
    ],
  ])('%j', (setting, what, sql) => {
    expect(applySettings([setting], 'my db')).toEqual([tolerateFailure(what, sql)]);
  });
});

describe('cron jobs', () => {
  const job: CronJob = {
    job: "it's",
    schedule: '@daily',
    command: 'SELECT 1',
    database: null,
    username: 'postgres',
    active: true,
  };

  test.each<[string, Partial<CronJob>, boolean, string]>([
    [
      'with a name',
      {},
      true,
      `cron.alter_job(cron.schedule_in_database('it''s', '@daily', 'SELECT 1', 'shop', NULL, true), active := true)`,
    ],
    [
      'that shall rest',
      {},
      false,
      `cron.alter_job(cron.schedule_in_database('it''s', '@daily', 'SELECT 1', 'shop', NULL, false), active := false)`,
    ],
    [
      'that was not active',
      { active: false },
      true,
      `cron.alter_job(cron.schedule_in_database('it''s', '@daily', 'SELECT 1', 'shop', NULL, false), active := false)`,
    ],
    [
      'of somebody else in another database',
      { database: 'other', username: 'app' },
      true,
      `cron.alter_job(cron.schedule_in_database('it''s', '@daily', 'SELECT 1', 'other', 'app', true), active := true)`,
    ],
    ['without a name', { job: null }, true, `cron.schedule('@daily', 'SELECT 1')`],
    [
      'without a name that shall rest',
      { job: null },
      false,
      `cron.alter_job(cron.schedule('@daily', 'SELECT 1'), active := false)`,
    ],
    [
      'without a name of somebody else',
      { job: null, database: 'other', username: 'app' },
      true,
      `cron.alter_job(cron.schedule('@daily', 'SELECT 1'), database := 'other', username := 'app')`,
    ],
  ])('%s', (_, facts, enable, expected) => {
    const [statement] = scheduleJobs([{ ...job, ...facts }], { database: 'shop', role: 'postgres', enable });
    expect(statement).toBe(tolerateFailure(`cron job ${facts.job === null ? 'SELECT 1' : "it's"}`, `SELECT ${expected}`));
  });
});

import { expect, test } from 'vitest';
import { createRoleStatements } from '../../../src/apply/roles.ts';
import { roleOf as role } from '../../helpers/restore-plan.ts';

test('missing roles are created with attributes, settings and memberships', () => {
  const existing = role('postgres', {
    superuser: true,
    memberOf: [
      { role: 'app "x"', adminOption: false },
      { role: 'anon', adminOption: true },
    ],
  });
  const missing = role('app "x"', {
    login: true,
    settings: ['statement_timeout=8s'],
    memberOf: [
      { role: 'anon', adminOption: true },
      { role: 'pg_monitor', adminOption: false },
    ],
  });
  expect(createRoleStatements([missing], [existing, missing, role('anon')])).toEqual([
    'CREATE ROLE "app ""x""" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1;',
    `ALTER ROLE "app ""x""" SET "statement_timeout" TO '8s';`,
    // The membership of postgres in anon is none of ours: both roles were there before.
    'GRANT "app ""x""" TO "postgres";',
    'GRANT "anon" TO "app ""x""" WITH ADMIN OPTION;',
    'GRANT "pg_monitor" TO "app ""x""";',
  ]);
});

test('memberships of a server 16 or newer keep all their options', () => {
  const creator = role('creator', {
    createRole: true,
    memberOf: [
      { role: 'made', adminOption: true, inheritOption: false, setOption: false },
      { role: 'app', adminOption: false, inheritOption: true, setOption: true },
    ],
  });
  expect(createRoleStatements([role('made'), role('app')], [creator, role('made'), role('app')]).slice(2)).toEqual([
    'GRANT "made" TO "creator" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;',
    'GRANT "app" TO "creator" WITH ADMIN FALSE, INHERIT TRUE, SET TRUE;',
  ]);
});

test('nothing is said where nothing is missing', () => {
  expect(createRoleStatements([], [role('a', { memberOf: [{ role: 'b', adminOption: false }] }), role('b')])).toEqual([]);
});

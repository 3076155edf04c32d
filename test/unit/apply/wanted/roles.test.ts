import { describe, expect, test } from 'vitest';
import type { CatalogRecord } from '../../../../src/domain/catalog.ts';
import { membershipOf, settingOf } from '../../../helpers/catalog-records.ts';
import { roleOf } from '../../../helpers/restore-plan.ts';
import { targetKinds, type NamedTarget } from '../../../helpers/restore-target.ts';
import { forbiddenIn, wantedOn, type WantedFacts } from '../../../helpers/wanted.ts';

const names = Object.keys(targetKinds) as NamedTarget[];
const roles = [roleOf('new')];
const target = { roles: new Set(['postgres', 'there', 'anon', 'authenticator', 'supabase_admin']) };

/** Whether something is done on each of the targets, or forbidden. */
function outcomes(source: readonly CatalogRecord[], done: 'settings' | 'memberships', facts: WantedFacts = {}): string[] {
  return names.map((name) => {
    const wanted = wantedOn(name, { roles, target, source, ...facts });
    return wanted.forbidden.length > 0 ? 'forbidden' : wanted[done].length > 0 ? 'done' : '-';
  });
}

describe('settings', () => {
  // hosted, self-hosted, plain, plain without a superuser
  test.each<[string, CatalogRecord, string[]]>([
    ['of the database', settingOf(null, 'TimeZone=UTC'), ['done', 'done', 'done', 'done']],
    ['that the platform keeps to itself', settingOf(null, 'app.settings.jwt_secret=x'), ['forbidden', 'done', 'done', 'done']],
    ['of a role that comes with its settings', settingOf('new', 'work_mem=1MB'), ['-', '-', '-', '-']],
    ['of such a role in the database', settingOf('new', 'work_mem=1MB', true), ['done', 'done', 'done', 'done']],
    // A role of a server that may serve others as well.
    ['of a role that is there', settingOf('there', 'work_mem=1MB'), ['done', 'done', '-', '-']],
    ['of a role that is there, in the database', settingOf('there', 'work_mem=1MB', true), ['done', 'done', 'done', 'done']],
    ['of the restoring role', settingOf('postgres', 'search_path=a'), ['done', 'done', '-', '-']],
    ["of a role of the platform's", settingOf('anon', 'search_path=a'), ['-', 'done', '-', '-']],
    ['of such a role that may be changed', settingOf('anon', 'statement_timeout=3s'), ['done', 'done', '-', '-']],
    ['of an extension for such a role', settingOf('authenticator', 'pgrst.db_schemas=a'), ['done', 'done', '-', '-']],
  ])('%s', (_, setting, expected) => {
    expect(outcomes([setting], 'settings')).toEqual(expected);
    expect(outcomes([setting], 'settings', { found: [setting] })).toEqual(['-', '-', '-', '-']);
  });

  test('are forbidden without their values', () => {
    const source = [settingOf(null, 'app.settings.jwt_secret=secret')];
    expect(forbiddenIn(wantedOn('hosted', { source }))).toEqual({
      'setting app.settings.jwt_secret of the database: the platform does not allow it': [
        'setting all roles in this database: app.settings.jwt_secret',
      ],
    });
  });
});

describe('memberships of the restoring role, from 16 on', () => {
  const admin = { adminOption: true, inheritOption: true, setOption: true };
  const granted = (source: Readonly<Record<string, boolean>>, facts: WantedFacts = {}): object[] => [
    ...wantedOn('hosted', { roles, target, source: [membershipOf('postgres', 'new', source)], ...facts }).memberships,
  ];
  const own = { role: 'new', member: 'postgres', adminOption: false, inheritOption: true, setOption: true };

  test('come without the admin option, which who creates a role has from the server', () => {
    expect(granted(admin)).toEqual([own]);
    expect(granted({ ...admin, inheritOption: false, setOption: false })).toEqual([]);
  });

  test('come without the admin option where it is held already', () => {
    const there = { ...target, roles: new Set(['postgres', 'new']) };
    const held = membershipOf('postgres', 'new', { ...admin, setOption: false });
    expect(granted(admin, { target: there, found: [held] })).toEqual([own]);
    expect(granted(admin, { target: there })).toEqual([{ ...own, adminOption: true }]);
  });

  test('come with it before 16, from a superuser, and for others', () => {
    expect(granted(admin, { target: { ...target, major: 15 } })).toMatchObject([{ adminOption: true }]);
    expect(granted(admin, { target: { ...target, superuser: true } })).toMatchObject([{ adminOption: true }]);
    expect(granted(admin, { source: [membershipOf('there', 'new', admin)] })).toMatchObject([{ adminOption: true }]);
  });
});

describe('memberships', () => {
  test.each<[string, CatalogRecord, string[]]>([
    ['of a new role', membershipOf('new', 'there'), ['done', 'done', 'done', 'done']],
    ['in a new role', membershipOf('there', 'new'), ['done', 'done', 'done', 'done']],
    ['between roles that are there', membershipOf('postgres', 'there'), ['done', 'done', '-', '-']],
    ['of a new role in a predefined one', membershipOf('new', 'pg_read_all_data'), ['forbidden', 'done', 'done', 'done']],
    ['of a new role in authenticator', membershipOf('new', 'authenticator'), ['forbidden', 'done', 'done', 'done']],
    ["of a new role in one of the platform's", membershipOf('new', 'supabase_admin'), ['forbidden', 'done', 'done', 'done']],
    ['of authenticator in a new role', membershipOf('authenticator', 'new'), ['done', 'done', 'done', 'done']],
    ['of a new role in anon', membershipOf('new', 'anon'), ['done', 'done', 'done', 'done']],
    ['between reserved roles', membershipOf('authenticator', 'anon'), ['-', '-', '-', '-']],
    ['of a role that nobody knows', membershipOf('unknown', 'new'), ['-', '-', '-', '-']],
    ['in a role that nobody knows', membershipOf('new', 'unknown'), ['-', '-', '-', '-']],
  ])('%s', (_, membership, expected) => {
    expect(outcomes([membership], 'memberships')).toEqual(expected);
    expect(outcomes([membership], 'memberships', { found: [membership] })).toEqual(['-', '-', '-', '-']);
  });

  test('that are forbidden are named', () => {
    expect(forbiddenIn(wantedOn('hosted', { source: [membershipOf('new', 'authenticator')], roles, target }))).toEqual({
      'membership of new in authenticator: the platform does not give that role to others': ['membership new in authenticator'],
    });
  });
});

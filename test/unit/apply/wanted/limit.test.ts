import { describe, expect, test } from 'vitest';
import type { Wanted } from '../../../../src/apply/wanted/find-wanted.ts';
import { limitWanted, withMadeWebhooks, withoutRestoredSecrets } from '../../../../src/apply/wanted/limit.ts';
import type { DumpEntry } from '../../../../src/domain/dump-head.ts';
import { everything, type RestoreScope } from '../../../../src/domain/restore-scope.ts';
import type { Decision } from '../../../../src/domain/selection.ts';
import { parseGrant } from '../../../helpers/catalog-records.ts';
import { define, defineRows } from '../../../helpers/dump-entries.ts';
import { roleOf } from '../../../helpers/restore-plan.ts';

const notes = define('TABLE', 'public.notes');
const users = define('TABLE', 'public.users');
const make = (entry: DumpEntry): Decision => ({ entry, action: 'keep' });
const leave = (entry: DumpEntry): Decision => ({ entry, action: 'skip', cause: 'unasked' });

const membership = (member: string, role: string) => ({
  role,
  member,
  adminOption: false,
  inheritOption: null,
  setOption: null,
});
const privileges = (identity: string, ...grants: string[]) => ({
  type: 'table',
  identity,
  owner: 'postgres',
  grants: grants.map(parseGrant),
});
const owned = (identity: string, owner: string) => ({ type: 'table', identity, owner, schema: 'public' });

/** Two tables with their owners, rights and roles, and one of everything else. */
const all: Wanted = {
  roles: [],
  missingRoles: ['author', 'reader', 'other'].map((name) => roleOf(name)),
  borrowedRoles: ['author', 'other'],
  owners: [owned('public.notes', 'author'), owned('public.users', 'other')],
  privileges: [privileges('public.notes', 'author=reader: SELECT'), privileges('public.users', 'other=other: SELECT')],
  defaults: [{ role: 'author', schema: null, objects: 'TABLES', grants: [] }],
  largeObjects: [{ owner: 'author', grants: [], oids: '1' }],
  publications: ['ALTER PUBLICATION ...'],
  settings: [{ role: null, inDatabase: true, setting: 'TimeZone=UTC' }],
  memberships: [membership('reader', 'there'), membership('reader', 'other'), membership('there', 'others')],
  expiries: [
    { role: 'reader', validUntil: '2030' },
    { role: 'other', validUntil: '2030' },
  ],
  roleComments: [
    { role: 'reader', text: 'x' },
    { role: 'other', text: 'x' },
  ],
  jobs: [{ job: 'nightly', schedule: '@daily', command: 'VACUUM', database: null, username: 'postgres', active: true }],
  webhooks: [{ table: 'public."my notes"', trigger: '"call home"' }],
  forbidden: [
    ['owner x of table public.notes', 'owner table public.notes'],
    ['owner x of table public.users', 'owner table public.users'],
    ['role strange', 'role strange'],
    ['membership', 'membership a in b'],
    ['setting', 'setting all roles in this database: app.settings.x'],
    ['privileges', 'privileges function pg_catalog.pg_sleep(double precision)'],
    ['default privileges', 'default privileges role x on TABLES'],
    ['large objects', 'large objects owner x, grants 1'],
    ['vault secret', 'vault secret stripe'],
  ].map(([what, key]) => ({ what: what!, why: '', explains: [key!] })),
};

function limit(said: Partial<RestoreScope>, decisions: readonly Decision[] = []): Wanted {
  return limitWanted(all, { ...everything, ...said }, decisions);
}

describe('a table', () => {
  const limited = limit({ tables: [{ schema: 'public', name: 'notes' }] }, [make(notes), leave(users)]);

  test('comes with its owner, its rights and the roles that those name', () => {
    expect(limited).toMatchObject({ owners: [all.owners[0]], privileges: [all.privileges[0]], borrowedRoles: ['author'] });
    expect(limited.missingRoles.map(({ name }) => name)).toEqual(['author', 'reader']);
    expect(limited.expiries).toEqual([all.expiries[0]]);
    expect(limited.roleComments).toEqual([all.roleComments[0]]);
    // Of a role that does not come, nobody can be a member.
    expect(limited.memberships).toEqual([all.memberships[0]]);
  });

  test('comes with nothing else', () => {
    expect(limited).toMatchObject({ defaults: [], largeObjects: [], publications: [], settings: [], jobs: [] });
    expect(limited.forbidden.map(({ what }) => what)).toEqual(['owner x of table public.notes']);
  });

  test('that is there already keeps its owner and its rights', () => {
    const kept = limit({ tables: [{ schema: 'public', name: 'notes' }], dataOnly: true }, [make(defineRows(notes))]);
    expect(kept).toMatchObject({ owners: [], privileges: [], missingRoles: [], borrowedRoles: [] });
  });
});

describe('a component', () => {
  test('roles: all of them, with their memberships', () => {
    const limited = limit({ only: ['roles'] });
    expect(limited).toMatchObject({
      missingRoles: all.missingRoles,
      memberships: all.memberships,
      borrowedRoles: all.borrowedRoles,
      owners: [],
    });
  });

  test.each<[RestoreScope['only'][number], keyof Wanted]>([
    ['privileges', 'privileges'],
    ['privileges', 'defaults'],
    ['data', 'largeObjects'],
    ['publications', 'publications'],
    ['settings', 'settings'],
    ['cron', 'jobs'],
  ])('%s: %s', (component, field) => {
    expect(limit({ only: [component] })[field]).toEqual(all[field]);
    expect(limit({ only: ['history'] })[field]).toEqual([]);
  });

  test.each<[RestoreScope['only'][number], string[]]>([
    ['roles', ['role strange', 'membership']],
    ['settings', ['setting']],
    ['privileges', ['privileges', 'default privileges']],
    ['data', ['large objects']],
    ['cron', []],
  ])('%s: what of it is forbidden is told', (component, expected) => {
    expect(limit({ only: [component] }).forbidden.map(({ what }) => what)).toEqual(expected);
  });
});

describe('webhooks', () => {
  const trigger = define('TRIGGER', 'public.my notes call home', { needs: [notes] });

  test('are put to rest where their triggers are made', () => {
    expect(withMadeWebhooks(all, [make(trigger)]).webhooks).toEqual(all.webhooks);
    expect(withMadeWebhooks(all, [leave(trigger)]).webhooks).toEqual([]);
    expect(withMadeWebhooks(all, [make({ ...trigger, description: 'TABLE' })]).webhooks).toEqual([]);
    expect(withMadeWebhooks(all, [make(define('TRIGGER', 'public.notes call home'))]).webhooks).toEqual([]);
  });
});

test('secrets whose rows come are not forbidden', () => {
  const rows = defineRows(define('TABLE', 'vault.secrets'));
  const forbidden = ['vault secret stripe', 'role strange'].map((what) => ({ what, why: '' }));
  expect(withoutRestoredSecrets(forbidden, [make(rows)]).map(({ what }) => what)).toEqual(['role strange']);
  expect(withoutRestoredSecrets(forbidden, [leave(rows), make(defineRows(notes))])).toEqual(forbidden);
});

import { describe, expect, test } from 'vitest';
import { membershipOf, record, roleRecord, settingOf } from '../../../helpers/catalog-records.ts';
import { roleOf } from '../../../helpers/restore-plan.ts';
import { forbiddenIn, wantedOn } from '../../../helpers/wanted.ts';

const namesOf = (items: readonly { readonly name: string }[]): string[] => items.map(({ name }) => name);

describe('roles', () => {
  const roles = [roleOf('postgres'), roleOf('app'), roleOf('there'), roleOf('supabase_new')];
  const target = { roles: new Set(['postgres', 'there']) };

  test.each([
    ['hosted', ['app']],
    ['self-hosted', ['app']],
    // There, what is called so is a role like any other.
    ['plain', ['app', 'supabase_new']],
  ] as const)('that are missing on %s are created, but for those of the platform', (name, expected) => {
    expect(namesOf(wantedOn(name, { roles, target }).missingRoles)).toEqual(expected);
  });

  test('that nobody may create are forbidden, with all that was said of them', () => {
    const source = [
      roleRecord('"my app"'),
      roleRecord('there'),
      membershipOf('postgres', 'my app'),
      membershipOf('my app', 'there'),
      membershipOf('postgres', 'there'),
      settingOf('my app', 'work_mem=1MB'),
      settingOf('there', 'work_mem=1MB'),
      record('comment', 'role "my app"', { type: 'role', identity: '"my app"', text: 'mine' }, null),
    ];
    const facts = { source, roles: [roleOf('my app')], target: { ...target, createsRoles: false } };
    const wanted = wantedOn('plain without a superuser', facts);
    expect(wanted.missingRoles).toEqual([]);
    expect(forbiddenIn(wanted)).toEqual({
      'role my app: postgres may not create roles': [
        'role "my app"',
        'membership postgres in my app',
        'membership my app in there',
        'setting role my app: work_mem',
        'comment role "my app"',
      ],
    });
  });

  test('come without SUPERUSER where there is no superuser', () => {
    const facts = { source: [roleRecord('"my root"', { superuser: true })], roles: [roleOf('my root', { superuser: true })] };
    expect(forbiddenIn(wantedOn('hosted', facts))).toEqual({
      'SUPERUSER of role my root: only a superuser makes superusers': ['role "my root"'],
    });
    expect(wantedOn('plain', facts).forbidden).toEqual([]);
  });

  test('get their comments and the end of their passwords if they are new', () => {
    const said = (role: string) =>
      record('comment', `role ${role}`, { type: 'role', identity: role, text: `of ${role}` }, null);
    const until = (role: string) => roleRecord(role, { validUntil: '2030-01-01T00:00:00.000000Z' });
    const others = [
      record('comment', 'table public.app', { type: 'table', identity: 'public.app', text: 'x' }),
      roleRecord('late'),
    ];
    const wanted = wantedOn('plain', {
      source: [said('"my ""app"""'), said('there'), until('"my ""app"""'), until('there'), ...others],
      roles: [roleOf('my "app"'), roleOf('there'), roleOf('late')],
      target,
    });
    expect(wanted.roleComments).toEqual([{ role: 'my "app"', text: 'of "my ""app"""' }]);
    expect(wanted.expiries).toEqual([{ role: 'my "app"', validUntil: '2030-01-01T00:00:00.000000Z' }]);
  });
});

describe('roles in whose name a restore acts', () => {
  const roles = ['postgres', 'app', 'there', 'anon'].map((name) => roleOf(name));
  const target = { roles: new Set(['postgres', 'there', 'anon']) };

  test.each([
    ['hosted', ['app', 'there']],
    // Of a plain server's roles those alone that are made: the others belong to somebody.
    ['plain without a superuser', ['app']],
  ] as const)('%s', (name, expected) => {
    expect(wantedOn(name, { roles, target }).borrowedRoles).toEqual(expected);
  });

  test.each([
    ['as it is', {}, []],
    ['with all options', { inheritOption: true, setOption: true }, []],
    ['without INHERIT', { inheritOption: false, setOption: true }, ['there']],
    ['without SET', { inheritOption: true, setOption: false }, ['there']],
  ])('are not lent again where it is a member %s', (_, options, expected) => {
    const found = [membershipOf('postgres', 'there', options)];
    expect(wantedOn('plain without a superuser', { found, target }).borrowedRoles).toEqual(expected);
  });
});

describe('cron jobs', () => {
  const job = (name: string, facts: object = {}) =>
    record(
      'cron job',
      name,
      { job: name, schedule: '@daily', command: 'VACUUM', database: null, username: 'postgres', active: true, ...facts },
      null,
    );

  test('that are missing or others are scheduled; those without a name only once', () => {
    const unnamed = job('unnamed: @daily VACUUM', { job: null });
    const source = [job('same'), job('changed'), job('missing'), unnamed];
    const found = [job('same'), job('changed', { command: 'SELECT 1' }), job('own'), { ...unnamed, value: { active: false } }];
    expect(wantedOn('hosted', { source, found }).jobs.map(({ job: name }) => name)).toEqual(['changed', 'missing']);
    expect(wantedOn('hosted', { source: [unnamed] }).jobs).toHaveLength(1);
  });
});

test('secrets of the vault are forbidden unless they are there', () => {
  const [stripe, github] = ['stripe', 'github'].map((name) => record('vault secret', name, { name }, null));
  expect(forbiddenIn(wantedOn('hosted', { source: [stripe!, github!], found: [github!] }))).toEqual({
    'vault secret stripe: its value can be read only with the key of the source': ['vault secret stripe'],
  });
});

test('webhooks are known by their triggers', () => {
  const source = [
    record('webhook', 'call on public.notes', { table: 'public.notes' }),
    record('webhook', '"on on" on public."on on"', { table: 'public."on on"' }, 'public'),
  ];
  expect(wantedOn('hosted', { source }).webhooks).toEqual([
    { table: 'public.notes', trigger: 'call' },
    { table: 'public."on on"', trigger: '"on on"' },
  ]);
});

describe('publications that the target has already', () => {
  const publication = (facts: object = {}) =>
    record(
      'publication',
      '"odd one"',
      { allTables: false, operations: ['insert', 'update'], viaRoot: false, tables: [], schemas: [], ...facts },
      null,
    );

  test.each([
    ['have what they publish', { operations: ['insert'] }, "publish = ''insert, update'', publish_via_partition_root = false"],
    ['have how they do', { viaRoot: true }, "publish = ''insert, update'', publish_via_partition_root = false"],
  ])('%s', (_, before, expected) => {
    const { publications } = wantedOn('hosted', { source: [publication()], found: [publication(before)] });
    expect(publications).toEqual([expect.stringContaining(`ALTER PUBLICATION "odd one" SET (${expected})`)]);
  });

  test('stay as they are where they are the same, and where they come with the dump', () => {
    expect(wantedOn('hosted', { source: [publication()], found: [publication()] }).publications).toEqual([]);
    expect(wantedOn('hosted', { source: [publication()] }).publications).toEqual([]);
  });
});

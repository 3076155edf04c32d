import { describe, expect, test } from 'vitest';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { compareCatalogs, isEqual } from '../../../src/domain/comparison.ts';
import type { TargetKind } from '../../../src/domain/selection.ts';
import { membershipOf, ownerOf, privilegesOf, record, roleRecord, settingOf } from '../../helpers/catalog-records.ts';

/** `missing table public.notes: lost` */
function compare(captured: CatalogRecord[], found: CatalogRecord[], kind: TargetKind = 'hosted'): string[] {
  const { differences } = compareCatalogs(captured, found, { kind, includes: () => true });
  return differences.map((difference) => `${difference.kind} ${difference.class} ${difference.name}: ${difference.verdict}`);
}

/** The verdict on the one difference that there is, hosted and plain. */
function judge(captured: CatalogRecord[], found: CatalogRecord[]): (string | undefined)[] {
  return (['hosted', 'plain'] as const).map((kind) => {
    const verdicts = compare(captured, found, kind).map((line) => line.split(': ').at(-1));
    expect(verdicts.length).toBeLessThanOrEqual(1);
    return verdicts[0];
  });
}

const lost = ['lost', 'lost'];
const platform = ['platform', 'lost'];
const nobodys = ['platform', 'platform'];

describe("the user's own is lost", () => {
  test.each<[string, CatalogRecord[], CatalogRecord[]]>([
    ['when it is missing', [record('table', 'public.notes')], []],
    ['when it differs', [record('table', 'public.notes', { a: 1 })], [record('table', 'public.notes', { a: 2 })]],
    ['when there is more than there was', [], [record('table', 'public.notes')]],
    ['in no schema as well', [record('publication', 'mine', {}, null)], []],
    ['when it has another owner', [ownerOf('table public.notes', 'app')], [ownerOf('table public.notes', 'postgres')]],
  ])('%s', (_, captured, found) => {
    expect(judge(captured, found)).toEqual(lost);
  });
});

describe("a server's other affairs are nobody's loss", () => {
  test.each<[string, CatalogRecord[], CatalogRecord[], string[]]>([
    ['another role', [], [roleRecord('other')], nobodys],
    ['a membership of others', [], [membershipOf('a', 'b')], nobodys],
    ['a membership in a role of others', [roleRecord('app')], [roleRecord('app'), membershipOf('app', 'other')], nobodys],
    ['a membership of another role', [roleRecord('app')], [roleRecord('app'), membershipOf('other', 'app')], nobodys],
    ['a setting that was none', [], [settingOf('other', 'work_mem=1MB')], nobodys],
    ['the comment on another role', [], [record('comment', 'role other', {}, null)], nobodys],
    ['another extension', [], [record('extension', 'hstore', {}, null)], nobodys],
    ['the comment on another extension', [], [record('comment', 'extension hstore', {}, null)], nobodys],
    [
      'a member of another extension',
      [],
      [record('privileges', 'function public.f()', { grants: [], extension: 'x' }, 'public')],
      nobodys,
    ],
    ['rights on a setting of the whole server', [], [privilegesOf('parameter log_min_messages', ['root=app: SET'])], nobodys],
    ['a vault secret of its own', [], [record('vault secret', 'own', {}, null)], nobodys],
    ['the version of the platform', [record('platform version', 'auth', 1, 'auth')], [], nobodys],
    [
      'default privileges that were none',
      [],
      [record('default privileges', 'role app on TABLES', { role: 'app' }, null)],
      ['lost', 'platform'],
    ],
  ])('%s', (_, captured, found, expected) => {
    expect(judge(captured, found)).toEqual(expected);
  });

  test.each<[string, CatalogRecord[]]>([
    ['role', [roleRecord('app')]],
    ['membership', [membershipOf('app', 'others')]],
    ['setting', [settingOf('app', 'work_mem=1MB')]],
    ['extension', [record('extension', 'hstore', {}, null)]],
    ['vault secret', [record('vault secret', 'stripe', {}, null)]],
  ])('but a %s that is missing is lost', (_, captured) => {
    expect(judge(captured, [])).toEqual(lost);
  });

  test('a superuser of a plain server has been one before', () => {
    const root = roleRecord('root', { superuser: true });
    const captured = [roleRecord('root'), membershipOf('root', 'app'), settingOf('root', 'work_mem=1MB')];
    expect(compare(captured, [root], 'plain').map((line) => line.split(': ').at(-1))).toEqual([
      'platform',
      'platform',
      'platform',
    ]);
    expect(compare(captured, [root]).map((line) => line.split(': ').at(-1))).toEqual(['lost', 'lost', 'lost']);
  });
});

describe('inside of a schema of the platform', () => {
  const table = record('table', 'auth.users');
  const owner = ownerOf('table auth.users', 'supabase_auth_admin');
  const [there, here] = [
    [table, owner],
    [table, owner],
  ];
  const mine = ownerOf('function auth.mine()', 'postgres');
  const theirs = ownerOf('function auth.theirs()', 'supabase_auth_admin');
  const trigger = record('trigger', 'mine on auth.users', { enabled: 'origin' });
  const policy = record('policy', 'mine on auth.users', { using: 'true' });

  test.each<[string, CatalogRecord[], CatalogRecord[], string[]]>([
    ['what only the target has is its own', [], [record('table', 'auth.new')], platform],
    ['a trigger on a table that is there is lost', [...there, trigger], here, lost],
    ['an index on a table that is there is lost', [...there, record('index', 'mine on auth.users')], here, lost],
    ['row security of a table that is there is lost', [...there, record('row security', 'auth.users')], here, lost],
    ['a trigger that differs is lost', [trigger], [{ ...trigger, value: { enabled: 'disabled' } }], lost],
    ['a policy that differs is lost', [policy], [{ ...policy, value: { using: 'false' } }], lost],
    ["a table of the platform's that differs is its own", [table, owner], [{ ...table, value: { a: 1 } }, owner], platform],
    [
      "the user's function that differs is lost",
      [mine, record('function', 'auth.mine()', { body: '1' })],
      [mine, record('function', 'auth.mine()', { body: '2' })],
      lost,
    ],
    ["the user's function that is missing is lost", [mine, record('function', 'auth.mine()')], [mine], lost],
    ["the platform's function that is missing is its own", [theirs, record('function', 'auth.theirs()')], [theirs], platform],
    ['what nobody is known to own is its own', [record('type', 'auth.level')], [], platform],
  ])('%s', (_, captured, found, expected) => {
    expect(judge(captured, found)).toEqual(expected);
  });

  test('a trigger on a table that the platform no longer has is its own affair', () => {
    const gone = [record('trigger', 'mine on auth.gone', { enabled: 'origin' })];
    expect(judge(gone, [])).toEqual(platform);
  });
});

describe('in no schema, on a platform', () => {
  test.each<[string, CatalogRecord[], CatalogRecord[], string[]]>([
    ['a reserved role', [roleRecord('authenticator', { login: true })], [roleRecord('authenticator')], platform],
    ['a role of the user', [roleRecord('app', { login: true })], [roleRecord('app')], lost],
    ['a membership between reserved roles', [membershipOf('authenticator', 'anon')], [], platform],
    ['a membership of a role of the user', [membershipOf('authenticator', 'app')], [], lost],
    ['a setting of a reserved role', [settingOf('anon', 'search_path=a')], [], platform],
    ['such a setting that may be changed', [settingOf('anon', 'statement_timeout=8s')], [], lost],
    ['a setting of the database', [settingOf(null, 'TimeZone=UTC')], [], lost],
    [
      'default privileges of the platform',
      [record('default privileges', 'role supabase_admin on TABLES', { role: 'supabase_admin' }, null)],
      [],
      platform,
    ],
    [
      'default privileges of postgres',
      [record('default privileges', 'role postgres on TABLES', { role: 'postgres' }, null)],
      [],
      lost,
    ],
  ])('%s', (_, captured, found, expected) => {
    expect(judge(captured, found)).toEqual(expected);
  });

  test("a foreign server of the platform's is its own", () => {
    const found = [ownerOf('server files', 'supabase_admin'), record('foreign server', 'files', {}, null)];
    const { differences } = compareCatalogs([], found, {
      kind: 'hosted',
      includes: ({ class: name }) => name === 'foreign server',
    });
    expect(differences.map(({ verdict }) => verdict)).toEqual(['platform']);
  });

  test('what the platform owns is its own', () => {
    const owner = ownerOf('event trigger pgrst_watch', 'supabase_admin');
    const captured = [owner, record('event trigger', 'pgrst_watch', {}, null)];
    expect(compare(captured, [])).toEqual([
      'missing event trigger pgrst_watch: platform',
      'missing owner event trigger pgrst_watch: platform',
    ]);
  });
});

describe('values of sequences', () => {
  const value = (last: string | null) => record('sequence value', 'public.s', { last });
  const sequence = (increment: string) => record('sequence', 'public.s', { increment });

  test.each([
    ['1', '290', '290', true],
    ['1', '290', '9007199254740993000', true],
    ['1', '9007199254740993', '9007199254740992', false],
    ['1', null, '5', true],
    ['1', '5', null, false],
    ['-1', '-5', '-6', true],
    ['-1', '-5', '-4', false],
  ])('of one that goes by %s: from %s to %s is on: %s', (increment, was, is, expected) => {
    const differences = compare([sequence(increment), value(was)], [sequence(increment), value(is)]);
    expect(differences).toEqual(expected ? [] : ['different sequence value public.s: lost']);
  });

  test('that are gone are lost', () => {
    expect(compare([value('5')], [])).toEqual(['missing sequence value public.s: lost']);
  });
});

describe('what acts on the outside world rests', () => {
  const job = (facts: object) =>
    record('cron job', 'nightly', { schedule: '@daily', command: 'VACUUM', active: true, ...facts }, null);
  const webhook = (facts: object) =>
    record('webhook', 'call on public.notes', { table: 'public.notes', enabled: 'origin', ...facts }, 'public');
  const trigger = (facts: object) => record('trigger', 'call on public.notes', { enabled: 'origin', ...facts }, 'public');

  test.each<[string, CatalogRecord, CatalogRecord, string]>([
    ['a job that is not active', job({}), job({ active: false }), 'resting'],
    ['a job that is another one as well', job({}), job({ active: false, command: 'SELECT 1' }), 'lost'],
    ['a job that has begun to act', job({ active: false }), job({}), 'lost'],
    ['a webhook that is disabled', webhook({}), webhook({ enabled: 'disabled' }), 'resting'],
    ['its trigger', trigger({ arguments: 4 }), trigger({ arguments: 4, enabled: 'disabled' }), 'resting'],
    ['any other trigger that is disabled', trigger({}), trigger({ enabled: 'disabled' }), 'lost'],
  ])('%s', (_, before, after, expected) => {
    expect(judge([before], [after])).toEqual([expected, expected]);
  });

  test('and is none the less equal to people', () => {
    const { differences, classes } = compareCatalogs([job({})], [job({ active: false })], {
      kind: 'hosted',
      includes: () => true,
    });
    expect(isEqual({ differences: [], changedContents: [], catalog: differences })).toBe(true);
    expect(classes).toEqual([{ class: 'cron job', equal: 0, missing: 0, different: 0, extra: 0 }]);
  });
});

test.each<[string, string, string]>([
  ["of the user's that only the target has counts", 'app', 'lost'],
  ["of the platform's own does not", 'supabase_admin', 'platform'],
])('a cron job %s', (_, username, expected) => {
  const { differences } = compareCatalogs([], [record('cron job', 'tick', { username }, null)], {
    kind: 'hosted',
    includes: () => true,
  });
  expect(differences.map(({ verdict }) => verdict)).toEqual([expected]);
});

test('counts a class at a time what is equal and what counts', () => {
  const captured = [
    record('table', 'public.a'),
    record('table', 'public.b', 1),
    record('table', 'public.c'),
    record('view', 'public.v'),
  ];
  const found = [
    record('table', 'public.a'),
    record('table', 'public.b', 2),
    record('table', 'public.d'),
    record('type', 'public.t'),
    roleRecord('x'),
  ];
  expect(compareCatalogs(captured, found, { kind: 'plain', includes: ({ name }) => name !== 'public.t' }).classes).toEqual([
    { class: 'table', equal: 1, missing: 1, different: 1, extra: 1 },
    { class: 'view', equal: 0, missing: 1, different: 0, extra: 0 },
  ]);
});

test.each<[string, Partial<Parameters<typeof isEqual>[0]>]>([
  ['numbers of rows', { differences: [{}] }],
  ['contents', { changedContents: ['table public.notes'] }],
  ['definitions', { catalog: [{ class: 'table', name: 'a', schema: null, kind: 'missing', verdict: 'lost' }] }],
])('a difference of %s counts', (_, facts) => {
  const nothing = { differences: [], changedContents: [], catalog: [] };
  expect([isEqual(nothing), isEqual({ ...nothing, ...facts })]).toEqual([true, false]);
});

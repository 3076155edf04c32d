import { describe, expect, test } from 'vitest';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { compareCatalogs } from '../../../src/domain/comparison.ts';
import type { TargetKind } from '../../../src/domain/selection.ts';
import { membershipOf, ownerOf, privilegesOf, record, roleRecord } from '../../helpers/catalog-records.ts';

/** `missing table public.notes: lost` */
function compare(captured: CatalogRecord[], found: CatalogRecord[], kind: TargetKind = 'hosted'): string[] {
  const { differences } = compareCatalogs(captured, found, { kind, includes: () => true });
  return differences.map((difference) => `${difference.kind} ${difference.class} ${difference.name}: ${difference.verdict}`);
}

/** The verdict on the one difference that there is, hosted and plain. */
function judge(captured: CatalogRecord[], found: CatalogRecord[]): (string | undefined)[] {
  return (['hosted', 'plain'] as const).flatMap((kind) =>
    compare(captured, found, kind).map((line) => line.split(': ').at(-1)),
  );
}

const lost = ['lost', 'lost'];
const platform = ['platform', 'lost'];
const nobodys = ['platform', 'platform'];

describe('a membership that only the target has', () => {
  const roles = ['app', 'reader', 'anon', 'postgres', 'service_role', 'authenticator'].map((name) => roleRecord(name));
  test.each<[string, CatalogRecord, string[]]>([
    ['counts between roles of the backup', membershipOf('reader', 'app'), lost],
    ['counts in a role of PostgreSQL', membershipOf('reader', 'pg_read_all_data'), lost],
    ['counts in a role of the platform', membershipOf('reader', 'service_role'), lost],
    ['counts of a role that everybody can be', membershipOf('anon', 'service_role'), lost],
    ['is an affair of the platform between roles of its own', membershipOf('authenticator', 'service_role'), platform],
    ['is an affair of its user', membershipOf('postgres', 'app'), platform],
    [
      'is nothing where it only lets who made a role give it away',
      membershipOf('reader', 'app', { adminOption: true, inheritOption: false, setOption: false }),
      nobodys,
    ],
    ['counts where its rights are had', membershipOf('reader', 'app', { inheritOption: true, setOption: false }), lost],
    ['counts where it can be put on', membershipOf('reader', 'app', { inheritOption: false, setOption: true }), lost],
  ])('%s', (_, membership, expected) => {
    expect(judge(roles, [...roles, membership])).toEqual(expected);
  });
});

describe('what opens a table of the platform counts', () => {
  const version = (number: string): CatalogRecord => record('platform version', 'auth', number, 'auth');
  const table = 'table auth.users';
  const base = [ownerOf(table, 'supabase_auth_admin')];
  const closed = [...base, privilegesOf(table, ['supabase_auth_admin=postgres: SELECT'])];
  const opened = (...grants: string[]): CatalogRecord[] => [
    ...base,
    privilegesOf(table, ['supabase_auth_admin=postgres: SELECT', ...grants]),
  ];
  const rowSecurity = (enabled: boolean): CatalogRecord => record('row security', 'auth.users', { enabled, forced: false });
  test.each<[string, CatalogRecord[], CatalogRecord[], [string?, string?]]>([
    ['rights of anon', closed, opened('supabase_auth_admin=anon: SELECT'), ['lost', 'platform']],
    ['rights of PUBLIC', closed, opened('supabase_auth_admin=: SELECT'), ['lost', 'platform']],
    ['rights of a role of the user', closed, opened('supabase_auth_admin=app: SELECT'), ['lost', 'platform']],
    ['rights on a column', base, [...base, privilegesOf(table, ['postgres=anon: SELECT'], 'email')], ['lost', 'platform']],
    [
      "but not the platform's own rights",
      closed,
      opened('supabase_auth_admin=dashboard_user: SELECT'),
      ['platform', 'platform'],
    ],
    ['but not rights that are less', opened('supabase_auth_admin=anon: SELECT'), closed, ['platform', 'platform']],
    ['but not a table that only the target has', base, closed, ['platform', 'platform']],
    ['row security that is off', [rowSecurity(true)], [rowSecurity(false)], ['lost', 'platform']],
    ['but not row security that is on', [rowSecurity(false)], [rowSecurity(true)], ['platform', 'platform']],
    ['a policy', [], [record('policy', 'mine on storage.objects')], ['lost', 'lost']],
    ["but not a policy of an extension's table", [], [record('policy', 'own on cron.job')], ['platform', 'platform']],
  ])('%s', (_, captured, found, expected) => {
    const verdicts = ['1', '2'].map((number) =>
      compare([version('1'), ...captured], [version(number), ...found]).filter((line) => !line.includes('platform version')),
    );
    // On the same version of the platform, and on another one.
    expect(verdicts.map((lines) => lines.map((line) => line.split(': ').at(-1)))).toEqual(expected.map((verdict) => [verdict]));
  });
});

test.each<[string, string, object, string]>([
  ['anon', 'bypassRowSecurity', { bypassRowSecurity: true }, 'lost'],
  ['authenticated', 'superuser', { superuser: true }, 'lost'],
  ['anon', 'inherit', { inherit: false }, 'platform'],
  ['dashboard_user', 'replication', { replication: true }, 'platform'],
])('on a platform role %s with another %s is judged by what it may', (name, _, attributes, expected) => {
  expect(compare([roleRecord(name)], [roleRecord(name, { ...attributes })])).toEqual([`different role ${name}: ${expected}`]);
});

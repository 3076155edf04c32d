import { describe, expect, test } from 'vitest';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { tellAsNewer } from '../../../src/domain/newer-server.ts';

type Value = CatalogRecord['value'];
type Grant = { grantor: string; grantee: string | null; privilege: string; grantable: boolean };

const servers = { source: 15, target: 17, found: [] as CatalogRecord[] };

function recordOf(className: string, name: string, value: object, schema: string | null = null): CatalogRecord {
  return { class: className, name, schema, value: value as Value };
}

function grantsOf(grantor: string, grantee: string | null, privileges: readonly string[], grantable = false): Grant[] {
  return privileges.map((privilege) => ({ grantor, grantee, privilege, grantable }));
}
const all = ['DELETE', 'INSERT', 'REFERENCES', 'SELECT', 'TRIGGER', 'TRUNCATE', 'UPDATE'];

function tablePrivileges(grants: readonly Grant[], { type = 'table', schema = 'public', ...others } = {}): CatalogRecord {
  const identity = `${schema}.notes`;
  return recordOf('privileges', `${type} ${identity}`, { type, identity, grants, ...others }, schema);
}

/** Who may maintain the one object afterwards. */
function maintainers(record: CatalogRecord, found: readonly CatalogRecord[] = [], owner = 'postgres'): (string | null)[] {
  const { type, identity } = record.value as { type?: string; identity?: string };
  const owners = type === undefined ? [] : [recordOf('owner', `${type} ${identity}`, { type, identity, owner })];
  const [told] = tellAsNewer([record, ...owners], { ...servers, found });
  const { grants } = told!.value as unknown as { grants: Grant[] };
  return grants.filter(({ privilege }) => privilege === 'MAINTAIN').map(({ grantee }) => grantee);
}

describe('the right to maintain', () => {
  const plain = [...grantsOf('postgres', 'anon', all), ...grantsOf('postgres', 'postgres', all)];

  test.each(['table', 'view', 'materialized view', 'foreign table'])('is the owner alone given on a %s', (type) => {
    expect(maintainers(tablePrivileges(plain, { type }))).toEqual(['postgres']);
    expect(maintainers(tablePrivileges([], { type }))).toEqual(['postgres']);
  });

  test.each([
    ['a sequence', tablePrivileges(plain, { type: 'sequence' })],
    ['a column', tablePrivileges(plain, { column: 'body' } as object)],
  ])('is not known on %s', (_, record) => {
    expect(maintainers(record)).toEqual([]);
  });

  test('stays as it is with those who had every right, and with nobody else', () => {
    const some = grantsOf('postgres', 'reader', ['SELECT']);
    const meanwhile = ['anon', 'postgres', 'reader'].flatMap((role) => grantsOf('postgres', role, [...all, 'MAINTAIN']));
    expect(maintainers(tablePrivileges([...plain, ...some]), [tablePrivileges(meanwhile)])).toEqual(['anon', 'postgres']);
  });

  test('cannot be passed on by who could pass on nothing', () => {
    const meanwhile = tablePrivileges(grantsOf('postgres', 'anon', ['MAINTAIN'], true));
    expect(maintainers(tablePrivileges(plain), [meanwhile])).toEqual(['postgres']);
    const grantable = grantsOf('postgres', 'anon', all, true);
    expect(maintainers(tablePrivileges(grantable), [meanwhile])).toEqual(['anon', 'postgres']);
  });

  test("is the platform's affair on the platform's tables", () => {
    const meanwhile = tablePrivileges(grantsOf('supabase_auth_admin', 'dashboard_user', ['MAINTAIN']), { schema: 'auth' });
    const before = tablePrivileges(grantsOf('supabase_auth_admin', 'postgres', all), { schema: 'auth' });
    expect(maintainers(before, [meanwhile], 'supabase_auth_admin')).toEqual(['dashboard_user', 'supabase_auth_admin']);
  });

  test.each([
    ['of all schemas, for the role itself', null, 'TABLES', ['postgres']],
    ['of one schema, for nobody', 'public', 'TABLES', []],
    ['of sequences, for nobody', null, 'SEQUENCES', []],
  ])('is among default privileges %s', (_, schema, objects, expected) => {
    const grants = grantsOf('postgres', 'anon', all);
    expect(maintainers(recordOf('default privileges', 'role postgres', { role: 'postgres', schema, objects, grants }))).toEqual(
      expected,
    );
  });

  test('rights stay in the order in which a catalog has them', () => {
    const grants = [...grantsOf('postgres', null, ['SELECT']), ...grantsOf('postgres', 'postgres', all)];
    const [told] = tellAsNewer([tablePrivileges(grants)], servers);
    expect((told!.value as unknown as { grants: Grant[] }).grants.map(({ privilege }) => privilege)).toEqual([
      'SELECT',
      ...[...all, 'MAINTAIN'].toSorted(),
    ]);
  });
});

describe('memberships', () => {
  const role = {
    superuser: false,
    createDatabase: false,
    login: true,
    replication: false,
    bypassRowSecurity: false,
    connectionLimit: -1,
  };
  const roles = [
    recordOf('role', 'app', { ...role, inherit: true, createRole: false }),
    recordOf('role', '"my reader"', { ...role, inherit: false, createRole: false }),
    recordOf('role', 'creator', { ...role, inherit: true, createRole: true }),
  ];
  const before = { role: 'app', adminOption: false, inheritOption: null, setOption: null };
  const membership = (member: string, name = member): CatalogRecord =>
    recordOf('membership', `${name} in app`, { ...before, member });
  const told = (record: CatalogRecord, found: readonly CatalogRecord[] = []): Value =>
    tellAsNewer([...roles, record], { ...servers, found }).at(-1)!.value;

  test('inherit as the member does, and let it SET ROLE', () => {
    expect(told(membership('creator'))).toEqual({ ...before, member: 'creator', inheritOption: true, setOption: true });
    expect(told(membership('my reader', '"my reader"'))).toMatchObject({ inheritOption: false, setOption: true });
  });

  test('of who could create roles may have the admin option by now', () => {
    const administered = (member: string): CatalogRecord =>
      recordOf('membership', `${member} in app`, { ...before, member, adminOption: true });
    expect(told(membership('creator'), [administered('creator')])).toMatchObject({ adminOption: true });
    expect(told(membership('app'), [administered('app')])).toMatchObject({ adminOption: false });
  });
});

test('partitions have the identity columns of the whole', () => {
  const partition = { partitionBound: 'DEFAULT' };
  const captured = [
    recordOf('table', 'public.events', { partitionKey: 'LIST (kind)' }),
    recordOf('table', 'a.middle', { ...partition, inherits: ['public.events'] }),
    recordOf('foreign table', 'a."le.af"', { ...partition, inherits: ['a.middle'] }),
    recordOf('table', 'public.heir', { inherits: ['public.events'] }),
    recordOf('column', 'public.events."my id"', { type: 'bigint', identity: 'always' }),
    ...['a.middle', 'a."le.af"', 'public.heir'].flatMap((table) => [
      recordOf('column', `${table}."my id"`, { type: 'bigint' }),
      recordOf('column', `${table}.kind`, { type: 'text' }),
    ]),
  ];
  const told = tellAsNewer(captured, servers).filter(({ value }) => (value as { identity?: string }).identity !== undefined);
  expect(told.map(({ name }) => name)).toEqual(['public.events."my id"', 'a.middle."my id"', 'a."le.af"."my id"']);
});

test.each([
  [15, 15],
  [17, 17],
  [17, 18],
])('nothing changes from %i to %i', (source, target) => {
  const captured = [tablePrivileges(grantsOf('postgres', 'anon', all))];
  expect(tellAsNewer(captured, { source, target, found: [] })).toEqual(captured);
});

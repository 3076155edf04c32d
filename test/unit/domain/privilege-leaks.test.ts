import { expect, test } from 'vitest';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { compareCatalogs } from '../../../src/domain/comparison.ts';
import { listPrivilegeLeaks } from '../../../src/domain/privilege-leaks.ts';
import { ownerOf, parseGrant, privilegesOf, record } from '../../helpers/catalog-records.ts';

function leaks(captured: CatalogRecord[], found: CatalogRecord[]): string[] {
  return listPrivilegeLeaks(compareCatalogs(captured, found, { kind: 'hosted', includes: () => true }).differences);
}

function largeObjects(oids: string, ...grants: string[]): CatalogRecord {
  return record(
    'large objects',
    `owner app, grants ${grants.join()}`,
    { owner: 'app', grants: grants.map(parseGrant), oids },
    null,
  );
}

function defaults(objects: string, grants: readonly string[], schema: string | null = null): CatalogRecord {
  const value = { role: 'app', schema, objects, grants: grants.map(parseGrant) };
  return record('default privileges', `role app${schema === null ? '' : ` in schema ${schema}`} on ${objects}`, value, schema);
}

test('rights that the backup does not give are leaks', () => {
  const table = 'table public.notes';
  const captured = [ownerOf(table, 'app'), privilegesOf(table, ['app=app: SELECT', 'app=reader: SELECT'])];
  const found = [
    ownerOf(table, 'app'),
    privilegesOf(table, ['app=app: SELECT', 'app=reader: SELECT*', 'app=: SELECT', 'app=anon: INSERT']),
    privilegesOf('table auth.users', ['supabase_auth_admin=anon: SELECT']),
    privilegesOf('function public.f()', ['postgres=anon: EXECUTE']),
  ];
  const { differences } = compareCatalogs(captured, found, { kind: 'hosted', includes: () => true });
  expect(listPrivilegeLeaks(differences)).toEqual([
    'anon: EXECUTE on function public.f()',
    'anon: INSERT on table public.notes',
    'reader: SELECT WITH GRANT OPTION on table public.notes',
    'PUBLIC: SELECT on table public.notes',
  ]);
  const gone = compareCatalogs(captured, [], { kind: 'hosted', includes: () => true });
  expect(listPrivilegeLeaks(gone.differences)).toEqual([]);
});

test.each<[string, CatalogRecord[], CatalogRecord[], string[]]>([
  [
    'of a large object',
    [largeObjects('1 2 3', 'app=app: SELECT')],
    [largeObjects('1 3', 'app=app: SELECT'), largeObjects('2', 'app=anon: SELECT', 'app=app: SELECT')],
    ['anon: SELECT on large object 2'],
  ],
  [
    'of many large objects',
    [largeObjects('1 2 3 4 5', 'app=app: SELECT', 'app=reader: SELECT')],
    [largeObjects('1 2 3 4 5', 'app=: UPDATE', 'app=app: SELECT', 'app=reader: SELECT')],
    ['PUBLIC: UPDATE on 5 large objects (1, 2, 3...)'],
  ],
  ['of no large object that is gone', [largeObjects('1 2', 'app=app: SELECT')], [largeObjects('1', 'app=app: SELECT')], []],
  ['of no large object that only the target has', [], [largeObjects('1', 'app=anon: SELECT')], []],
  [
    'of what is yet to be made in a schema',
    [],
    [defaults('TABLES', ['app=anon: SELECT', 'app=app: SELECT'], 'private')],
    ['anon: SELECT by default privileges of role app in schema private on TABLES'],
  ],
  [
    'of what PostgreSQL gives to everybody unless told otherwise',
    [defaults('FUNCTIONS', ['app=app: EXECUTE'])],
    [],
    ['PUBLIC: EXECUTE by default privileges of role app on FUNCTIONS'],
  ],
  ['of nothing where that is not taken away any more', [], [defaults('FUNCTIONS', ['app=: EXECUTE', 'app=app: EXECUTE'])], []],
  ['of no default that is gone', [defaults('TABLES', ['app=anon: SELECT'], 'private')], [], []],
])('%s', (_, captured, found, expected) => {
  expect(leaks(captured, found)).toEqual(expected);
});

import { describe, expect, test } from 'vitest';
import type { CatalogRecord } from '../../../../src/domain/catalog.ts';
import { ownerOf, parseGrant, privilegesOf, record } from '../../../helpers/catalog-records.ts';
import { roleOf } from '../../../helpers/restore-plan.ts';
import { targetKinds, type NamedTarget } from '../../../helpers/restore-target.ts';
import { forbiddenIn, wantedOn, type WantedFacts } from '../../../helpers/wanted.ts';

const names = Object.keys(targetKinds) as NamedTarget[];
const roles = [roleOf('app')];

/** Whether something is reconciled on each of the targets, or forbidden. */
function outcomes(done: 'privileges' | 'defaults', facts: WantedFacts): string[] {
  return names.map((name) => {
    const wanted = wantedOn(name, { roles, ...facts });
    return wanted.forbidden.length > 0 ? 'forbidden' : wanted[done].length > 0 ? 'done' : '-';
  });
}

const notes = 'table public.notes';
const users = 'table auth.users';

describe('privileges', () => {
  test("of the user's own are made what they were", () => {
    const source = [privilegesOf(notes, ['postgres=anon: SELECT'])];
    expect(outcomes('privileges', { source })).toEqual(['done', 'done', 'done', 'done']);
    expect(outcomes('privileges', { source, found: [privilegesOf(notes, [])] })).toEqual(['done', 'done', 'done', 'done']);
    expect(outcomes('privileges', { source, found: source })).toEqual(['-', '-', '-', '-']);
  });

  test('on columns of a platform are none where the source had none', () => {
    const found = [privilegesOf('table storage.objects', ['postgres=app: SELECT'], 'id')];
    expect(outcomes('privileges', { found })).toEqual(['done', 'done', '-', '-']);
    expect(wantedOn('hosted', { found }).privileges[0]).toMatchObject({ column: 'id', grants: [] });
    const others = [privilegesOf('table storage.objects', ['supabase_storage_admin=app: SELECT'], 'id')];
    expect(outcomes('privileges', { found: others })).toEqual(['-', 'done', '-', '-']);
  });

  test.each<[string, CatalogRecord, CatalogRecord[], string | undefined]>([
    ['of what has an owner', privilegesOf(notes, ['app=anon: SELECT']), [ownerOf(notes, 'app')], 'app'],
    ['of a column of it', privilegesOf(notes, ['app=anon: SELECT'], 'body'), [ownerOf(notes, 'app')], 'app'],
    [
      'of a column of a view',
      privilegesOf('view public.seen', ['app=anon: SELECT'], 'body'),
      [ownerOf('view public.seen', 'app')],
      'app',
    ],
    ['of what has none, granted by one', privilegesOf('language plpgsql', ['root=anon: USAGE', 'root=: USAGE']), [], 'root'],
    [
      'of what has none, granted by several',
      privilegesOf('language plpgsql', ['root=anon: USAGE', 'anon=: USAGE']),
      [],
      undefined,
    ],
    [
      'of what belongs to the platform',
      privilegesOf(users, ['supabase_auth_admin=anon: SELECT']),
      [ownerOf(users, 'supabase_auth_admin')],
      'supabase_auth_admin',
    ],
    ['of what has none, and nobody may use', privilegesOf('language plpgsql', []), [], undefined],
  ])('%s know its owner', (_, wanted, others, owner) => {
    const found = [privilegesOf(users, [])];
    for (const name of ['plain', 'self-hosted'] as const) {
      expect(wantedOn(name, { source: [...others, wanted], found }).privileges[0]!.owner).toBe(owner);
    }
  });

  const source = [privilegesOf(users, ['supabase_auth_admin=postgres: SELECT', 'postgres=anon: SELECT'])];

  test.each<[string, string[], boolean, string[]]>([
    [
      'that the user has changed are changed again',
      ['supabase_auth_admin=postgres: SELECT'],
      true,
      ['done', 'done', 'done', 'done'],
    ],
    ['that the platform has changed are forbidden', ['postgres=anon: SELECT'], true, ['forbidden', 'done', 'done', 'done']],
    ['of another version are its own', ['supabase_auth_admin=postgres: SELECT'], false, ['-', '-', 'done', 'done']],
  ])("of the platform's %s", (_, grants, samePlatform, expected) => {
    expect(outcomes('privileges', { source, found: [privilegesOf(users, grants)], target: { samePlatform } })).toEqual(
      expected,
    );
  });

  test("of the platform's that are forbidden say who granted them", () => {
    const found = [privilegesOf(users, ['postgres=anon: SELECT'])];
    expect(forbiddenIn(wantedOn('hosted', { source, found }))).toEqual({
      'privileges of table auth.users: they were granted by supabase_auth_admin': ['privileges table auth.users'],
    });
  });

  test('of what the user has added there are made what they were', () => {
    expect(outcomes('privileges', { source })).toEqual(['done', 'done', 'done', 'done']);
  });

  test("on PostgreSQL's own objects are a superuser's", () => {
    const sleep = privilegesOf('function pg_catalog.pg_sleep()', ['root=app: EXECUTE']);
    expect(outcomes('privileges', { source: [sleep] })).toEqual(['-', 'done', 'done', 'forbidden']);
    expect(outcomes('privileges', { source: [sleep], target: { samePlatform: false } })).toEqual([
      '-',
      '-',
      'done',
      'forbidden',
    ]);
  });
});

describe('default privileges', () => {
  const defaults = (role: string, grants: string[], schema: string | null = null) =>
    record(
      'default privileges',
      `role ${role}${schema === null ? '' : ` in schema ${schema}`} on TABLES`,
      { role, schema, objects: 'TABLES', grants: grants.map(parseGrant) },
      schema,
    );

  test.each<[string, string, string[]]>([
    ['of the restoring role', 'postgres', ['done', 'done', 'done', 'done']],
    ['of a role that comes', 'app', ['done', 'done', 'done', 'done']],
    ['of a role that nobody can act as', 'strange', ['forbidden', 'done', 'done', 'forbidden']],
    ["of a role of the platform's", 'supabase_admin', ['-', 'done', 'done', 'forbidden']],
  ])('%s', (_, role, expected) => {
    const source = [defaults(role, [`${role}=anon: SELECT`])];
    expect(outcomes('defaults', { source })).toEqual(expected);
    expect(outcomes('defaults', { source, found: source })).toEqual(['-', '-', '-', '-']);
  });

  test('that the source had not are taken back on a platform', () => {
    const found = [defaults('postgres', ['postgres=anon: SELECT'])];
    expect(outcomes('defaults', { found })).toEqual(['done', 'done', '-', '-']);
    // Those that a server has where nobody has changed them.
    expect(wantedOn('hosted', { found }).defaults).toEqual([
      { role: 'postgres', schema: null, objects: 'TABLES', grants: null },
    ]);
  });

  test("stay in the platform's schemas, and those of its roles", () => {
    const theirs = [defaults('postgres', [], 'storage'), defaults('supabase_admin', [], 'public')];
    expect(wantedOn('hosted', { found: theirs })).toMatchObject({ defaults: [], forbidden: [] });
  });

  test('of another version of the same are changed, not taken back', () => {
    const source = [defaults('postgres', ['postgres=anon: SELECT'])];
    const { defaults: wanted } = wantedOn('hosted', { source, found: [defaults('postgres', [])] });
    expect(wanted).toEqual([source[0]!.value]);
  });
});

import { describe, expect, test } from 'vitest';
import type { JudgedDifference } from '../../../../src/domain/comparison.ts';
import { isOfServer, isWithheldPower, judgeMade } from '../../../../src/domain/drill/judge-restore.ts';
import type { Decision } from '../../../../src/domain/selection.ts';
import { neededBytes } from '../../../../src/domain/drill/space.ts';
import type { Manifest } from '../../../../src/domain/manifest.ts';

const made = { decisions: [], losses: [], lacksExtension: false, forbidden: [], refused: [], warnings: [] };

describe('what was made', () => {
  test('of a healthy backup leaves nothing to say', () => {
    expect(judgeMade(made)).toEqual({ detail: '0 entries of the dump', failed: [], notChecked: [] });
  });

  test('what the server refused has failed', () => {
    const refused = ['index a in schema public: ERROR: could not create unique index "a"'];
    expect(judgeMade({ ...made, refused })).toMatchObject({ failed: refused, notChecked: [] });
  });

  test.each([
    'privileges of x: permission denied for schema pg_catalog',
    'cast (a AS b): must be superuser to create a cast',
    'owner x of y: must be able to SET ROLE "x"',
    'materialized view data m in schema public: user mapping not found for "x"',
  ])('what only others may is not checked: %s', (statement) => {
    expect(judgeMade({ ...made, refused: [statement] })).toMatchObject({ failed: [], notChecked: [statement] });
  });

  test('what a function may miss of an extension that is not here is not checked', () => {
    const refused = ['materialized view data m in schema public: ERROR:  function similarity(text, text) does not exist'];
    expect(judgeMade({ ...made, refused, lacksExtension: true })).toMatchObject({ failed: [], notChecked: refused });
    expect(judgeMade({ ...made, refused })).toMatchObject({ failed: refused, notChecked: [] });
  });

  test('what there was no memory for is not checked', () => {
    const refused = ['materialized view data m in schema public: out of memory DETAIL:  Failed on request of size 8.'];
    expect(judgeMade({ ...made, refused })).toMatchObject({ failed: [], notChecked: refused });
  });

  test('what this machine lacks, and what only a superuser makes, is not checked', () => {
    const losses = ['extension postgis (it is not installed here)'];
    const forbidden = [{ what: 'foreign data wrapper w', why: 'only a superuser may create it' }];
    expect(judgeMade({ ...made, losses, forbidden }).notChecked).toEqual([
      ...losses,
      'foreign data wrapper w: only a superuser may create it',
    ]);
  });

  test('what is of the platform in no schema is nothing that a restore brings', () => {
    const entry = { description: 'EVENT TRIGGER', tag: 'pgrst_ddl_watch', schema: null, owner: 'supabase_admin' };
    const decisions = [{ entry, action: 'skip', cause: 'forbidden' }] as unknown as Decision[];
    const forbidden = [{ what: 'event trigger pgrst_ddl_watch', why: 'only a superuser may create it' }];
    expect(judgeMade({ ...made, decisions, forbidden }).notChecked).toEqual([]);
  });
});

describe('what a scratch server gives to nobody', () => {
  const difference = (change: Partial<JudgedDifference>): JudgedDifference => ({
    class: 'role',
    name: 'r',
    schema: null,
    kind: 'different',
    verdict: 'lost',
    ...change,
  });
  const role = { superuser: true, createRole: false, login: true };
  const maker = { ...role, superuser: false, createRole: true };

  test.each<[Partial<JudgedDifference>, boolean]>([
    [{ before: role, after: { ...role, superuser: false } }, true],
    [{ before: role, after: { ...role, login: false, superuser: false } }, false],
    [{ before: { ...role, superuser: false }, after: role }, false],
    [{ before: maker, after: { ...maker, createRole: false } }, true],
    [{ before: { ...maker, superuser: true }, after: { ...maker, createRole: false } }, true],
    [{ before: { ...maker, createRole: false }, after: maker }, false],
    [{ class: 'membership', kind: 'missing', before: { role: 'pg_read_server_files', member: 'a' } }, true],
    [{ class: 'membership', kind: 'missing', before: { role: 'pg_monitor', member: 'a' } }, false],
    [{ class: 'membership', kind: 'extra', after: { role: 'pg_read_server_files', member: 'a' } }, false],
    [{ class: 'owner', before: { owner: 'a' }, after: { owner: 'b' } }, false],
  ])('%o', (change, expected) => {
    expect(isWithheldPower(difference(change), 15)).toBe(expected);
  });

  test('from PostgreSQL 16 on roles may create roles', () => {
    expect(isWithheldPower(difference({ before: maker, after: { ...maker, createRole: false } }), 16)).toBe(false);
    expect(isWithheldPower(difference({ before: role, after: { ...role, superuser: false } }), 16)).toBe(true);
  });
});

test.each([
  [{ class: 'privileges', name: 'parameter work_mem', before: { type: 'parameter' } }, true],
  [{ class: 'privileges', name: 'function public.r()', before: { type: 'function' } }, true],
  [{ class: 'privileges', name: 'function public.owned()', before: { type: 'function' } }, false],
  [{ class: 'privileges', name: 'function public.x()', before: { type: 'function', extension: 'x' } }, false],
  [{ class: 'privileges', name: 'table public.t', before: { type: 'table' } }, false],
  [{ class: 'owner', name: 'function public.r()', before: { type: 'function' } }, false],
])('what only the superuser of a server gives is told apart: %o', (change, expected) => {
  const difference: JudgedDifference = { schema: 'public', kind: 'different', verdict: 'lost', ...change };
  expect(isOfServer(difference, new Set(['function public.owned()']))).toBe(expected);
});

test('the room that is needed grows with the database', () => {
  const of = (sizeBytes: number) => neededBytes({ server: { sizeBytes } as Manifest['server'] });
  expect(of(10 ** 12) - of(0)).toBe(10 ** 12);
  expect(of(0)).toBeGreaterThan(100 * 1024 ** 2);
});

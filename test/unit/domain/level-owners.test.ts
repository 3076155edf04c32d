import { describe, expect, test } from 'vitest';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { diffCatalogs } from '../../../src/domain/catalog-difference.ts';
import { collectOwners, levelOwners } from '../../../src/domain/level-owners.ts';
import { ownerOf, privilegesOf, record } from '../../helpers/catalog-records.ts';

/** The names of records of rights that still differ. */
function differing(captured: CatalogRecord[], found: CatalogRecord[], superusers: string[] = []): string[] {
  const [before, after] = levelOwners(captured, found, new Set(superusers));
  return diffCatalogs(before, after)
    .filter((difference) => difference.class === 'privileges')
    .map(({ name }) => name);
}

const notes = 'table public.notes';

describe('rights on what has an owner', () => {
  test('are the same in the name of another owner', () => {
    const captured = [ownerOf(notes, 'app'), privilegesOf(notes, ['app=app: SELECT', 'app=anon: SELECT*', 'anon=: SELECT'])];
    const found = [
      ownerOf(notes, 'postgres'),
      privilegesOf(notes, ['postgres=postgres: SELECT', 'postgres=anon: SELECT*', 'anon=: SELECT']),
    ];
    expect(differing(captured, found)).toEqual([]);
  });

  test.each<[string, string[]]>([
    ['a right that is gone', ['app=app: SELECT']],
    ['a right of somebody else', ['app=app: SELECT', 'app=anon: SELECT', 'app=: SELECT']],
    ['a grant option', ['app=app: SELECT', 'app=anon: SELECT*']],
    ['another grantor', ['app=app: SELECT', 'other=anon: SELECT']],
    ["the owner's own", ['app=anon: SELECT']],
  ])('differ in %s', (_, grants) => {
    const captured = [ownerOf(notes, 'app'), privilegesOf(notes, ['app=app: SELECT', 'app=anon: SELECT'])];
    expect(differing(captured, [ownerOf(notes, 'app'), privilegesOf(notes, grants)])).toEqual([notes]);
  });

  test('are not those of a former owner that is anybody now', () => {
    const captured = [ownerOf(notes, 'app'), privilegesOf(notes, ['app=app: SELECT'])];
    const found = [ownerOf(notes, 'postgres'), privilegesOf(notes, ['postgres=app: SELECT'])];
    expect(differing(captured, found)).toEqual([notes]);
  });

  test('of its columns are those of the same owner', () => {
    const captured = [ownerOf(notes, 'app'), privilegesOf(notes, ['app=anon: SELECT*', 'anon=reader: SELECT'], 'body')];
    const given = [ownerOf(notes, 'postgres'), privilegesOf(notes, ['anon=reader: SELECT', 'postgres=anon: SELECT*'], 'body')];
    expect(differing(captured, given)).toEqual([]);
    const lost = [ownerOf(notes, 'postgres'), privilegesOf(notes, ['anon=reader: SELECT'], 'body')];
    expect(differing(captured, lost)).toEqual(['table column public.notes.body']);
  });
});

describe('a superuser of the target', () => {
  test('grants in the name of the owner', () => {
    const captured = [ownerOf(notes, 'app'), privilegesOf(notes, ['app=anon: SELECT'])];
    const found = [ownerOf(notes, 'app'), privilegesOf(notes, ['root=anon: SELECT'])];
    expect(differing(captured, found, ['root'])).toEqual([]);
    expect(differing(captured, found)).toEqual([notes]);
  });

  test('may have granted once more what the owner has granted, also with the grant option', () => {
    const captured = [ownerOf(notes, 'app'), privilegesOf(notes, ['app=anon: SELECT*'])];
    const found = [ownerOf(notes, 'app'), privilegesOf(notes, ['app=anon: SELECT', 'root=anon: SELECT*'])];
    expect(differing(captured, found, ['root'])).toEqual([]);
  });

  test('sets whatever it likes', () => {
    const parameter = 'parameter log_statement';
    const captured = [privilegesOf(parameter, ['postgres=app: SET', 'postgres=root: SET'])];
    expect(differing(captured, [privilegesOf(parameter, ['root=app: SET'])], ['root'])).toEqual([]);
    // Where only it had rights, there is nothing to have.
    expect(differing([privilegesOf(parameter, ['postgres=root: SET'])], [], ['root'])).toEqual([]);
    expect(differing(captured, [], ['root'])).toEqual([parameter]);
  });
});

describe('rights on what has no owner of its own', () => {
  const language = 'language plpgsql';

  test('are in the name of whoever made it, whose own count for nothing', () => {
    const captured = [privilegesOf(language, ['admin=admin: USAGE', 'admin=anon: USAGE'])];
    expect(differing(captured, [privilegesOf(language, ['root=anon: USAGE', 'root=root: USAGE'])])).toEqual([]);
    expect(differing(captured, [privilegesOf(language, ['root=root: USAGE'])])).toEqual([language]);
  });

  test('are told apart by owner as soon as one side has one', () => {
    const captured = [ownerOf(notes, 'app'), privilegesOf(notes, ['app=app: SELECT'])];
    expect(differing(captured, [privilegesOf(notes, ['root=root: SELECT'])])).toEqual([notes]);
  });
});

test('nothing but rights is changed', () => {
  const others = [ownerOf(notes, 'app'), record('table', 'public.notes', { grants: ['app'] })];
  expect(levelOwners(others, [], new Set())).toEqual([others, []]);
  expect(collectOwners(others)).toEqual(new Map([[notes, 'app']]));
});

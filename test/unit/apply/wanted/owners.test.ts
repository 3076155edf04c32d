import { describe, expect, test } from 'vitest';
import type { CatalogRecord } from '../../../../src/domain/catalog.ts';
import { ownerOf, parseGrant, record } from '../../../helpers/catalog-records.ts';
import { roleOf } from '../../../helpers/restore-plan.ts';
import { targetKinds, type NamedTarget } from '../../../helpers/restore-target.ts';
import { forbiddenIn, wantedOn, type WantedFacts } from '../../../helpers/wanted.ts';

const names = Object.keys(targetKinds) as NamedTarget[];
const roles = [roleOf('app')];

/** Whether an owner is given on each of the targets, or forbidden. */
function outcomes(source: readonly CatalogRecord[], facts: WantedFacts = {}): string[] {
  return names.map((name) => {
    const wanted = wantedOn(name, { roles, source, ...facts });
    return wanted.forbidden.length > 0 ? 'forbidden' : wanted.owners.length > 0 ? 'given' : '-';
  });
}

const notes = 'table public.notes';

describe('an owner', () => {
  // hosted, self-hosted, plain, plain without a superuser
  test.each<[string, CatalogRecord, string[]]>([
    ['that comes with the restore', ownerOf(notes, 'app'), ['given', 'given', 'given', 'given']],
    // Who makes a thing has it.
    ['that is the restoring role', ownerOf(notes, 'postgres'), ['-', '-', '-', '-']],
    ['that nobody can act as', ownerOf(notes, 'strange'), ['forbidden', 'given', 'given', 'forbidden']],
    ["of the platform's, in public", ownerOf(notes, 'supabase_admin'), ['forbidden', 'given', 'given', 'forbidden']],
    [
      "of the platform's, in its own schema",
      ownerOf('table auth.users', 'supabase_auth_admin'),
      ['-', 'given', 'given', 'forbidden'],
    ],
    ["of the platform's, in no schema", ownerOf('publication theirs', 'supabase_admin'), ['-', 'given', 'given', 'forbidden']],
    ["of the user's in the platform's schema", ownerOf('function auth.mine()', 'app'), ['given', 'given', 'given', 'given']],
  ])('%s', (_, owner, expected) => {
    expect(outcomes([owner])).toEqual(expected);
    expect(outcomes([owner], { found: [owner] })).toEqual(['-', '-', '-', '-']);
  });

  test('is given back to what has another one by now', () => {
    const source = [ownerOf(notes, 'postgres')];
    const found = [ownerOf(notes, 'app')];
    expect(outcomes(source, { found })).toEqual(['given', 'given', 'given', 'given']);
    expect(wantedOn('hosted', { source, found }).owners).toEqual([
      { type: 'table', identity: 'public.notes', owner: 'postgres', schema: 'public' },
    ]);
  });

  test("of what the platform has there is the platform's", () => {
    const [source, found] = [[ownerOf('table auth.users', 'app')], [ownerOf('table auth.users', 'supabase_auth_admin')]];
    expect(outcomes(source, { found })).toEqual(['-', '-', 'given', 'given']);
  });

  test('that nobody can act as is told once, with all that it owns', () => {
    const objects = ['a', 'b', 'c', 'd'].map((name) => `table public.${name}`);
    expect(forbiddenIn(wantedOn('hosted', { source: objects.map((object) => ownerOf(object, 'strange')) }))).toEqual({
      'owner strange of 4 objects (table public.a, table public.b, table public.c...): postgres may not give anything to that role':
        objects.map((object) => `owner ${object}`),
    });
    expect(Object.keys(forbiddenIn(wantedOn('hosted', { source: [ownerOf(notes, 'strange')] })))).toEqual([
      'owner strange of table public.notes: postgres may not give anything to that role',
    ]);
  });
});

describe('large objects', () => {
  const group = (owner: string, ...grants: string[]) =>
    record('large objects', `owner ${owner}, grants 1`, { owner, grants: grants.map(parseGrant), oids: '1 2' }, null);

  test.each([
    ['of the restoring role with no other rights are as they are made', group('postgres', 'postgres=postgres: SELECT'), false],
    ['of the restoring role with rights of others get those', group('postgres', 'postgres=anon: SELECT'), true],
    ['of others are given to them', group('app', 'app=app: SELECT'), true],
  ])('%s', (_, source, expected) => {
    expect(wantedOn('hosted', { roles, source: [source] }).largeObjects).toEqual(expected ? [source.value] : []);
  });

  test('of a role that nobody can act as are forbidden', () => {
    const wanted = wantedOn('hosted', { source: [group('strange')] });
    expect(wanted.largeObjects).toEqual([]);
    expect(forbiddenIn(wanted)).toEqual({
      'owner strange of owner strange, grants 1: postgres may not give them away to that role': [
        'large objects owner strange, grants 1',
      ],
    });
  });
});

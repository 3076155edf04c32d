import { describe, expect, test } from 'vitest';
import { planArrival } from '../../../src/apply/arrival.ts';
import type { TargetFacts } from '../../../src/apply/target.ts';
import type { DumpEntry } from '../../../src/domain/dump-head.ts';
import { define, defineRows } from '../../helpers/dump-entries.ts';
import { occupiedBy, requestOf, tableOf, targetFactsOf, type PlanFacts } from '../../helpers/restore-plan.ts';
import { relationsOf } from '../../helpers/restore-target.ts';

const rowsOf = (name: string): DumpEntry => defineRows(define('TABLE', name));
const users = rowsOf('auth.users');
const sessions = rowsOf('auth.sessions');
const versions = rowsOf('auth.schema_migrations');
const secrets = rowsOf('vault.secrets');
const notes = rowsOf('public.notes');
const largeObjects = define('BLOBS', 'BLOBS', { schema: null });
const entries = [users, sessions, versions, secrets, notes, largeObjects];

const open = { insert: true };
const platform: Partial<TargetFacts> = {
  occupied: occupiedBy('auth.users', 'auth.sessions', 'auth.schema_migrations', 'vault.secrets', 'storage.buckets'),
  relations: relationsOf({
    'auth.users': open,
    'auth.sessions': open,
    'auth.schema_migrations': open,
    'vault.secrets': {},
    'storage.buckets': open,
    'storage.objects': open,
    'net.http_request_queue': open,
  }),
};
const manifest = {
  tables: ['auth.users', 'auth.schema_migrations', 'vault.secrets', 'public.notes'].map((name) => tableOf(name, { rows: 3 })),
};

/** What a restore of all of these entries, or of those asked for, meets. */
function arrive(facts: PlanFacts, asked: readonly DumpEntry[] = entries) {
  const arrival = planArrival(requestOf({ entries, manifest, ...facts }));
  const request = { ids: new Set(asked.map(({ dumpId }) => dumpId)), refusals: [], unknown: [] };
  return {
    refusals: arrival.refusals(request),
    replaced: arrival.replaced(request),
    statements: arrival.statements(request),
    relations: [...arrival.relations.values()].map(({ schema, name }) => `${schema}.${name}`),
    checked: arrival
      .checkedTables(asked.map((entry) => ({ entry, action: 'keep' })))
      .map(({ schema, name }) => `${schema}.${name}`),
  };
}

describe('the whole', () => {
  const target = targetFactsOf('hosted', platform);

  test('is refused where rows of the platform would meet others, and told what would help', () => {
    // auth.sessions held nothing at the source, auth.schema_migrations are the platform's, vault.secrets closed.
    expect(arrive({ target })).toMatchObject({
      refusals: ['there are rows already in auth.users: with --clean they would be replaced'],
      replaced: [],
      statements: [],
    });
  });

  test("replaces all rows of users and objects when the target is cleared, but none of the platform's own or what is closed", () => {
    const { refusals, replaced, statements } = arrive({ target, clean: true });
    expect(refusals).toEqual([]);
    expect(replaced).toEqual(['the rows of auth.users', 'the rows of auth.sessions', 'the rows of storage.buckets']);
    expect(statements).toEqual(
      ['"auth"."users"', '"auth"."sessions"', '"storage"."buckets"'].map((table) => `DELETE FROM ONLY ${table};`),
    );
  });

  test('finds tables of the user no more once the target is cleared, those of the platform still', () => {
    const relations = relationsOf({ 'auth.users': open, 'public.notes': open });
    const facts = { target: targetFactsOf('hosted', { relations }) };
    expect(arrive(facts)).toMatchObject({ relations: ['auth.users', 'public.notes'], checked: ['auth.users', 'public.notes'] });
    expect(arrive({ ...facts, clean: true })).toMatchObject({ relations: ['auth.users'], checked: ['auth.users'] });
    const plain = { target: targetFactsOf('plain', { relations }), clean: true };
    expect(arrive(plain)).toMatchObject({ relations: [], checked: [] });
  });

  test('minds no rows in a schema that only a platform has for its own', () => {
    const occupied = occupiedBy('auth.users');
    expect(arrive({ target: targetFactsOf('plain', { occupied }) }).refusals).toEqual([]);
  });
});

describe('a part', () => {
  const target = targetFactsOf('hosted', {
    occupied: occupiedBy('public.notes', 'auth.users', 'auth.schema_migrations'),
    relations: relationsOf({ 'auth.users': open, 'public.notes': open, 'auth.schema_migrations': open }),
    largeObjects: 2,
  });
  const scope = { dataOnly: true };

  test('is refused where rows are, until somebody says what becomes of them', () => {
    expect(arrive({ target, scope }, [notes, users, versions]).refusals).toEqual([
      'there are rows already in auth.users, public.notes: say --mode replace, or --mode append',
    ]);
    expect(arrive({ target, scope }, [largeObjects]).refusals).toEqual([
      'there are rows already in large objects: say --mode replace, or --mode append',
    ]);
    expect(arrive({ target, scope }, [sessions]).refusals).toEqual([]);
  });

  test('names five tables and counts the others', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `public.${name}`);
    const many = names.map(rowsOf);
    const facts = { entries: many, target: targetFactsOf('plain', { occupied: occupiedBy(...names) }), scope };
    expect(arrive(facts, many).refusals[0]).toMatch(/^there are rows already in public\.a, .*public\.e and 2 more: say/);
  });

  test('replaces the rows of the tables that are asked for, and large objects if those are', () => {
    const replace = { ...scope, mode: 'replace' as const };
    expect(arrive({ target, scope: replace }, [notes])).toMatchObject({
      refusals: [],
      replaced: ['the rows of public.notes'],
      statements: ['DELETE FROM ONLY "public"."notes";'],
    });
    expect(arrive({ target, scope: replace }, [largeObjects])).toMatchObject({
      replaced: ['2 large objects'],
      statements: ['SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;'],
    });
    expect(arrive({ target: targetFactsOf('hosted'), scope: replace }, [notes, largeObjects]).statements).toEqual([]);
  });

  test('is added to what is there, and its foreign keys are checked', () => {
    const append = { ...scope, mode: 'append' as const };
    expect(arrive({ target, scope: append }, [notes, sessions])).toMatchObject({
      refusals: [],
      replaced: [],
      statements: [],
      checked: ['public.notes'],
    });
  });
});

test('rows that are left out are not checked', () => {
  const arrival = planArrival(requestOf({ entries, target: targetFactsOf('hosted', platform) }));
  expect(
    arrival.checkedTables([
      { entry: users, action: 'skip', cause: 'platform' },
      { entry: sessions, action: 'stage' },
    ]),
  ).toEqual([{ schema: 'auth', name: 'sessions' }]);
});

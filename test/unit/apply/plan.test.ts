import { describe, expect, test } from 'vitest';
import type { TargetFacts } from '../../../src/apply/target.ts';
import { hiddenOptions, type Coverage } from '../../../src/domain/coverage.ts';
import { membershipOf, record, roleRecord } from '../../helpers/catalog-records.ts';
import { define, defineRows } from '../../helpers/dump-entries.ts';
import { manifestOf, occupiedBy, planOf, roleOf, tableOf, targetFactsOf, type PlanFacts } from '../../helpers/restore-plan.ts';
import { relationsOf } from '../../helpers/restore-target.ts';

const notes = define('TABLE', 'public.notes', { oid: '16400' });
const notesRows = defineRows(notes);
const largeObjects = define('BLOBS', 'BLOBS', { schema: null });
const manifest = {
  roles: [roleOf('postgres', { superuser: true, login: true }), roleOf('app', { login: true })],
  tables: [tableOf('public.notes', { oid: 16_400, rows: 1234 })],
  largeObjects: { count: 2 },
};
const shop: PlanFacts = { entries: [notes, notesRows, largeObjects], manifest };
const tables = [{ schema: 'public', name: 'notes' }];

test('an empty database of a superuser takes everything', () => {
  const plan = planOf(shop);
  expect(plan).toMatchObject({
    kind: 'plain',
    refusals: [],
    losses: [],
    forbidden: [],
    created: { table: 1 },
    replaced: [],
    skipped: [],
    outside: ['statistics for the planner (ANALYZE)'],
    manual: ['set new passwords, which no backup holds, for: app'],
    keepOwners: false,
    tolerant: false,
  });
  expect(plan.missingRoles.map(({ name }) => name)).toEqual(['app']);
  expect(plan.steps).toEqual([
    'create 1 roles: app',
    'restore 1 tables with 1,234 rows and 2 large objects into the database restored of PostgreSQL 17.2 (a plain PostgreSQL)',
    'make owners, privileges and settings exactly what they were',
    'all in one transaction: a failure leaves the target as it is now',
    'compare the result with the backup',
  ]);
});

describe('what forbids a restore', () => {
  const full = { contents: ['2 relation(s) in schema public', '1 large object(s)'] };
  const one = (facts: Partial<TargetFacts>): PlanFacts => ({ target: targetFactsOf('plain', facts) });

  test.each<[string, PlanFacts, RegExp]>([
    [
      'something in the database',
      one(full),
      /^the database restored is not empty: 2 relation\(s\) in schema public, 1 large object/,
    ],
    [
      'an older server',
      one({ major: 14, version: '14.1' }),
      /^the target is PostgreSQL 14\.1, older than the source \(15\.18\)$/,
    ],
    [
      'a backup without a catalog and a target without a superuser',
      { catalog: undefined, ...one({ superuser: false, role: 'app' }) },
      /captured no privileges, and role app is no superuser$/,
    ],
    [
      'a backup without a catalog and a Supabase project',
      { catalog: undefined, target: targetFactsOf('self-hosted') },
      /captured no catalog, and can be restored into a plain PostgreSQL only$/,
    ],
    [
      'a part of a backup without a catalog',
      { catalog: undefined, scope: { only: ['schema'] } },
      /only the whole can be restored, into an empty/,
    ],
    [
      'such a backup, and a target to be cleared',
      { catalog: undefined, clean: true },
      /only the whole can be restored, into an empty/,
    ],
    [
      'a part, and everything to be cleared',
      { clean: true, scope: { only: ['schema'] } },
      /^--clean replaces the whole; for a part say --mode replace$/,
    ],
    ['a part with several jobs', { jobs: 2, scope: { only: ['schema'] } }, /^with --jobs only the whole/],
    ['a target to be cleared with several jobs', { jobs: 2, clean: true }, /^with --jobs only the whole/],
    ['names that are in no backup', { scope: { schemas: ['gone'] } }, /^schema gone is not in the backup$/],
    [
      'what is needed and not asked for',
      { scope: { tables, dataOnly: true } },
      /^rows of table notes in schema public needs table notes .* neither on the target nor asked for$/,
    ],
    [
      'rows of the platform in the way',
      {
        entries: [defineRows(define('TABLE', 'auth.users'))],
        manifest: { tables: [tableOf('auth.users', { rows: 3 })] },
        target: targetFactsOf('hosted', {
          occupied: occupiedBy('auth.users'),
          relations: relationsOf({ 'auth.users': { insert: true } }),
        }),
      },
      /^there are rows already in auth\.users: with --clean they would be replaced$/,
    ],
  ])('%s', (_, facts, expected) => {
    expect(planOf({ ...shop, ...facts }).refusals).toEqual([expect.stringMatching(expected)]);
  });

  test.each<[string, PlanFacts]>([
    ['something in the database that is cleared', { clean: true, ...one(full) }],
    ['something in the database beside a part', { scope: { tables }, ...one(full) }],
    ['several jobs', { jobs: 2 }],
    ['a backup without a catalog', { catalog: undefined }],
    ['a server of the same version', one({ major: 15, version: '15.0' })],
  ])('is not %s', (_, facts) => {
    expect(planOf({ ...shop, ...facts }).refusals).toEqual([]);
  });
});

describe('what is lost and can be mended', () => {
  test('is an extension that is not installed, and what needs it', () => {
    const hstore = define('EXTENSION', 'hstore', { schema: null });
    const table = define('TABLE', 'public.pairs', { needs: [hstore] });
    expect(planOf({ entries: [hstore, table] }).losses).toEqual([
      "extension hstore (it is not installed on the target's server)",
      'table pairs in schema public (it needs extension hstore)',
    ]);
  });

  test('is what could not be read, and then statements may fail', () => {
    const coverage = [{ component: 'table public.x', state: 'not readable' as const, detail: 'no SELECT' }];
    const plan = planOf({ manifest: { coverage } });
    expect(plan.losses).toEqual(['table public.x is not in the backup (no SELECT)']);
    expect(plan.tolerant).toBe(true);
    expect(plan.steps).toContain('not in one transaction: statements that fail for what is missing are skipped and named');
    // Nobody asked for it.
    expect(planOf({ ...shop, manifest: { ...manifest, coverage }, scope: { tables } }).losses).toEqual([]);
  });
});

test('a backup without a catalog comes as pg_restore makes it', () => {
  const acl = define('ACL', 'public.TABLE notes', { needs: [notes] });
  const target = targetFactsOf('plain', { relations: relationsOf({ 'public.notes': { columns: [] } }) });
  const plan = planOf({ ...shop, entries: [notes, acl, notesRows], catalog: undefined, target });
  expect(plan.keepOwners).toBe(true);
  expect(plan.decisions.map(({ action }) => action)).toEqual(['keep', 'keep', 'keep']);
  expect(plan.steps.join()).not.toContain('make owners');
  expect(plan.script.before).toContainEqual(expect.stringContaining('CREATE ROLE "app" WITH'));
});

test('of a backup without a catalog nothing of the database itself comes', () => {
  const entries = ['DATABASE', 'DATABASE PROPERTIES', 'ACL', 'COMMENT'].map((description) =>
    define(description, description.startsWith('D') ? 'shop' : 'DATABASE shop', { schema: null }),
  );
  const plan = planOf({ entries, catalog: undefined });
  expect(plan.decisions.map(({ action }) => action)).toEqual(['skip', 'skip', 'skip', 'skip']);
  expect(plan.created).toEqual({});
  expect(plan.manual).toEqual([expect.stringMatching(/of the database itself: comment, privileges, settings$/)]);
  expect(planOf({ entries: entries.slice(0, 1), catalog: undefined }).manual).toEqual([]);
});

test('options of user mappings that no backup holds are for a person to set', () => {
  const detail = 'Odd role on mine';
  const coverage: Coverage[] = [{ component: hiddenOptions, state: 'not supported', detail }];
  const manual = `set the options of these user mappings, which the backup could not read: ${detail}`;
  expect(planOf({ manifest: { coverage } }).manual).toContain(manual);
  expect(planOf(shop).manual).not.toContain(manual);
});

test('several jobs work after the transaction', () => {
  const plan = planOf({ ...shop, jobs: 4 });
  expect(plan.steps).toContain(
    'definitions and rows in one transaction, then indexes and constraints with 4 jobs at once: what was restored before a failure of those stays',
  );
  expect(plan.outside[0]).toMatch(/^indexes, constraints, triggers and policies, /);
});

test('only what is asked for is counted', () => {
  const plan = planOf({ ...shop, scope: { only: ['schema'] } });
  expect(plan.steps[1]).toMatch(/^restore 0 tables with 0 rows and 0 large objects/);
  expect(plan.created).toEqual({ table: 1 });
});

describe('rows that are added to others', () => {
  const value = define('SEQUENCE SET', 'public.s', { definition: `SELECT pg_catalog.setval('public.s', 290, true);\n` });
  const target = targetFactsOf('plain', { entries: [define('SEQUENCE', 'public.s')] });

  test.each([
    ['append', false],
    ['replace', true],
  ] as const)('%s: the values of sequences stay as they are in the backup: %s', (mode, expected) => {
    const plan = planOf({ entries: [value], target, scope: { dataOnly: true, mode } });
    expect(plan.decisions[0]!.entry.definition === value.definition).toBe(expected);
  });
});

describe('the version of the platform', () => {
  const version = (number: number) => record('platform version', 'auth', { version: number }, 'auth');
  const table = define('TABLE', 'auth.new', { owner: 'supabase_auth_admin' });

  test.each([
    [1, 1, 'try'],
    [1, 2, 'skip'],
  ])('of %i and of %i decides whether what it lacks is made: %s', (ours, theirs, action) => {
    const target = targetFactsOf('self-hosted', { catalog: [version(theirs)] });
    expect(planOf({ entries: [table], catalog: [version(ours)], target }).decisions[0]!.action).toBe(action);
  });
});

test('what is there in another shape is told', () => {
  const target = targetFactsOf('hosted', {
    availableExtensions: new Map([
      ['hstore', '1.9'],
      ['pgcrypto', '1.3'],
    ]),
    roles: new Set(['postgres', 'app', 'anon']),
    catalog: [roleRecord('app', { login: true }), roleRecord('anon', { login: true })],
  });
  const extensions = ['hstore', 'pgcrypto', 'rare'].map((name) => ({
    name,
    version: name === 'hstore' ? '1.8' : '1.3',
    schema: 'public',
  }));
  const catalog = [roleRecord('app'), roleRecord('anon'), roleRecord('new')];
  expect(planOf({ manifest: manifestOf({ extensions }), catalog, target }).skipped).toEqual([
    { what: 'extension hstore', why: 'the target has version 1.9, the backup 1.8' },
    { what: 'role app', why: 'the target has a role of that name with other attributes', explains: ['role app'] },
  ]);
});

test('roles that may more on the target than in the backup are told', () => {
  const names = ['app', 'reader', 'anon', 'postgres'];
  const catalog = [...names.map((name) => roleRecord(name)), membershipOf('app', 'anon')];
  const target = targetFactsOf('hosted', {
    roles: new Set(names),
    catalog: [
      ...names.map((name) => roleRecord(name, name === 'anon' ? { bypassRowSecurity: true } : {})),
      membershipOf('app', 'anon'),
      membershipOf('reader', 'app'),
      membershipOf('postgres', 'app'),
    ],
  });
  expect(planOf({ catalog, target }).skipped).toEqual([
    { what: 'role anon', why: 'the target has a role of that name with other attributes', explains: ['role anon'] },
    {
      what: 'membership reader in app',
      why: 'the backup does not have it, and a role that is there is not changed',
      explains: ['membership reader in app'],
    },
  ]);
});

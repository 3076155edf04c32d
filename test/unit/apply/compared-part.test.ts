import { describe, expect, test } from 'vitest';
import { comparedPart } from '../../../src/apply/compared-part.ts';
import { everything, type RestoreScope } from '../../../src/domain/restore-scope.ts';
import type { Decision } from '../../../src/domain/selection.ts';
import { privilegesOf } from '../../helpers/catalog-records.ts';
import { define, defineRows } from '../../helpers/dump-entries.ts';
import { occupiedBy } from '../../helpers/restore-plan.ts';

const notes = define('TABLE', 'public.notes');
const users = define('TABLE', 'public.users');
const seen = define('MATERIALIZED VIEW', 'public.seen');
const refresh = define('MATERIALIZED VIEW DATA', 'public.seen', { needs: [seen] });
const largeObjects = define('BLOBS', 'BLOBS', { schema: null });

const made = (...entries: ReturnType<typeof define>[]): Decision[] => entries.map((entry) => ({ entry, action: 'keep' }));
const left = (entry: ReturnType<typeof define>, cause: Decision['cause']): Decision => ({
  entry,
  action: 'skip',
  cause: cause!,
});

function part(said: Partial<RestoreScope>, decisions: readonly Decision[], occupied: string[] = []) {
  const catalog = [privilegesOf('table public.old', [])];
  return comparedPart({ ...everything, ...said }, decisions, { occupied: occupiedBy(...occupied), catalog });
}

test('of the whole everything is compared', () => {
  const includes = part({}, []);
  expect([includes('auth', 'users', 'rows'), includes(null, 'app', 'role'), includes('a', 'b', 'sequence value')]).toEqual([
    true,
    true,
    true,
  ]);
});

describe('rows', () => {
  const decisions = [...made(defineRows(notes)), left(defineRows(users), 'unasked')];
  const tables = [{ schema: 'public', name: 'notes' }];

  test('are compared of the tables that were asked for', () => {
    const includes = part({ tables }, decisions);
    expect([includes('public', 'notes', 'rows'), includes('public', 'users', 'rows')]).toEqual([true, false]);
  });

  test('that were added to others cannot be counted', () => {
    expect(part({ tables, mode: 'append' }, decisions, ['public.notes'])('public', 'notes', 'rows')).toBe(false);
    expect(part({ tables, mode: 'append' }, decisions)('public', 'notes', 'rows')).toBe(true);
    expect(part({ tables, mode: 'replace' }, decisions, ['public.notes'])('public', 'notes', 'rows')).toBe(true);
  });

  test('that were forbidden are missed', () => {
    expect(part({ tables }, [left(defineRows(notes), 'forbidden')])('public', 'notes', 'rows')).toBe(true);
  });

  test('of large objects are compared when those were asked for', () => {
    expect(part({ only: ['data'] }, made(largeObjects))(null, 'large objects', 'large objects')).toBe(true);
    expect(part({ tables }, [left(largeObjects, 'unasked')])(null, 'large objects', 'large objects')).toBe(false);
  });
});

describe('definitions', () => {
  const includes = part({ tables: [{ schema: 'public', name: 'notes' }] }, [...made(notes), left(users, 'unasked')]);

  test.each([
    ['public', 'public.notes', 'table', true],
    ['public', 'public.notes.body', 'column', true],
    ['public', 'table public.notes', 'owner', true],
    ['public', 'table public.notes', 'privileges', true],
    ['public', 'mine on public.notes', 'policy', true],
    ['public', 'public.users', 'table', false],
    ['public', 'public.notes', 'sequence value', false],
    [null, 'app', 'role', false],
  ])('%s %s (%s): %s', (schema, name, className, expected) => {
    expect(includes(schema, name, className)).toBe(expected);
  });

  test('that the target had already are compared', () => {
    expect(part({ only: ['schema'] }, [left(notes, 'exists')])('public', 'public.notes', 'table')).toBe(true);
  });

  test('of rows alone are not', () => {
    expect(part({ dataOnly: true }, made(defineRows(notes)))('public', 'public.notes', 'table')).toBe(false);
  });

  test('of a view that nobody wanted filled are not, since being filled is a part of them', () => {
    expect(
      part({ only: ['schema'] }, [...made(seen), left(refresh, 'unasked')])('public', 'public.seen', 'materialized view'),
    ).toBe(false);
    expect(part({ only: ['schema', 'data'] }, made(seen, refresh))('public', 'public.seen', 'materialized view')).toBe(true);
  });
});

test.each<[RestoreScope['only'][number], string, string]>([
  ['roles', 'role', 'app'],
  ['roles', 'membership', 'a in b'],
  ['extensions', 'extension', 'hstore'],
  ['publications', 'publication', 'mine'],
  ['settings', 'setting', 'all roles in this database: TimeZone'],
  ['privileges', 'default privileges', 'role postgres on TABLES'],
  ['privileges', 'privileges', 'table public.old'],
  ['cron', 'cron job', 'nightly'],
])('--only %s is compared in class %s', (component, className, name) => {
  expect(part({ only: [component] }, [])(null, name, className)).toBe(true);
  expect(part({ only: ['history'] }, [])(null, name, className)).toBe(false);
});

test('privileges are compared of what is there', () => {
  expect(part({ only: ['privileges'] }, [])('public', 'table public.gone', 'privileges')).toBe(false);
});

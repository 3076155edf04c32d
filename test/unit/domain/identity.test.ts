import { expect, test } from 'vitest';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import type { DumpEntry } from '../../../src/domain/dump-head.ts';
import { isAbout } from '../../../src/domain/identity.ts';
import { define } from '../../helpers/dump-entries.ts';

function isOne(entry: DumpEntry, name: string, facts: Partial<CatalogRecord> = {}): boolean {
  return isAbout([define('VIEW', 'elsewhere.other'), entry])({ class: '', name, schema: 'public', value: null, ...facts });
}

const notes = define('TABLE', 'public.notes');

test.each([
  ['public.notes', true],
  ['public.notes.body', true],
  ['owner table public.notes', true],
  ['table column public.notes.body', true],
  ['mine on public.notes', true],
  ['"odd on x" on public.notes', true],
  ['public.other', false],
  ['public.notes_2', false],
  ['app.notes', false],
  ['mine on app.notes', false],
  ['public', false],
])('%s is about table public.notes: %s', (name, expected) => {
  expect(isOne(notes, name)).toBe(expected);
});

test.each<[string, string, string]>([
  ['FUNCTION', 'public.area(integer, text)', 'function public.area(integer,pg_catalog.text)'],
  ['FUNCTION', 'public.odd (name)("char", app.mood)', 'public."odd (name)"("char",app.mood)'],
  ['TABLE', 'Odd schema.A "quoted" name', 'table "Odd schema"."A ""quoted"" name"'],
  ['TABLE', 'Odd schema.A "quoted" name', 'table column "Odd schema"."A ""quoted"" name"."body"'],
  ['TABLE', 'public.two\nlines', 'mine on public."two\nlines"'],
])('%s %s and %s are the same', (description, name, identity) => {
  expect(isOne(define(description, name), identity)).toBe(true);
});

test.each([
  ['schema', 'app', true],
  ['owner', 'schema app', true],
  ['privileges', 'schema app', true],
  // As a plan explains a difference.
  ['', 'owner schema app', true],
  ['table', 'app.notes', false],
  ['column', 'app.notes.body', false],
  ['owner', 'table app.notes', false],
  ['policy', 'mine on app.notes', false],
  ['schema', 'app_2', false],
  ['default privileges', 'role postgres in schema app on TABLES', false],
])('%s %s is about schema app, and not about what is in it: %s', (className, name, expected) => {
  expect(isOne(define('SCHEMA', 'app', { schema: null }), name, { class: className, schema: 'app' })).toBe(expected);
});

test('what stands in no schema is about none of the entries', () => {
  expect(isOne(define('EXTENSION', 'hstore', { schema: null }), 'hstore', { schema: null })).toBe(false);
  expect(isOne(notes, 'public.notes', { schema: null })).toBe(false);
});

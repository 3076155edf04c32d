import { expect, test } from 'vitest';
import { isCompared, isLoadable, selectBasis, type Definition } from '../../../src/domain/drift-selection.ts';

function define(description: string, schema: string | null, tag: string, more: Partial<Definition> = {}): Definition {
  return { dumpId: 1, description, schema, tag, definition: 'CREATE', dropStatement: '', dependencies: [], ...more };
}

test.each([
  ['SERVER', 'far'],
  ['USER MAPPING', 'USER MAPPING postgres SERVER far'],
  ['SUBSCRIPTION', 's'],
  ['COMMENT', 'SERVER far'],
  ['COMMENT', 'EXTENSION pgcrypto'],
  ['EVENT TRIGGER', 'e'],
])('neither loads nor shows %s %s', (description, tag) => {
  const entry = define(description, null, tag);
  expect([isLoadable(entry), isCompared(entry)]).toEqual([false, false]);
});

test.each([
  ['TABLE', 'public', 'notes', true],
  ['TABLE', 'auth', 'users', false],
  ['POLICY', 'storage', 'objects mine', true],
  ['TRIGGER', 'auth', 'users on_new_user', true],
  ['INDEX', 'storage', 'by_name', false],
  ['SCHEMA', null, 'shop', true],
  ['SCHEMA', null, 'auth', false],
  ['SCHEMA', null, 'supabase_migrations', false],
  ['COMMENT', null, 'SCHEMA auth', false],
  ['COMMENT', null, 'SCHEMA public', true],
  ['TABLE', 'supabase_migrations', 'schema_migrations', false],
  ['PUBLICATION', null, 'supabase_realtime', true],
  ['CAST', null, 'CAST (a AS b)', true],
  ['ENCODING', null, 'ENCODING', false],
])("of %s %s %s a difference is the user's: %s", (description, schema, tag, expected) => {
  expect(isCompared(define(description, schema, tag))).toBe(expected);
});

test("migrations build on what is the platform's", () => {
  const entries = [
    define('SEARCHPATH', null, 'SEARCHPATH'),
    define('SCHEMA', null, 'auth'),
    define('SCHEMA', null, 'shop'),
    define('FUNCTION', 'auth', 'uid()', { dumpId: 10 }),
    define('FUNCTION', 'public', 'new_user()', { dumpId: 11 }),
    define('TABLE', 'auth', 'users', { dumpId: 12 }),
    define('TRIGGER', 'auth', 'users platform', { dependencies: ['10', '12'] }),
    define('TRIGGER', 'auth', 'users on_new_user', { dependencies: ['11', '12'] }),
    define('POLICY', 'storage', 'objects mine'),
    define('PUBLICATION', null, 'supabase_realtime'),
    define('PUBLICATION', null, 'mine'),
    define('PUBLICATION TABLE', 'realtime', 'p messages'),
  ];
  expect(selectBasis(entries).map(({ tag }) => tag)).toEqual([
    'SEARCHPATH',
    'auth',
    'uid()',
    'users',
    'users platform',
    'supabase_realtime',
  ]);
});

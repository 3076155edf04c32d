import { expect, test } from 'vitest';
import { compareDefinitions, statementsFor, withoutConsequences } from '../../../src/domain/definition-changes.ts';
import type { Definition } from '../../../src/domain/drift-selection.ts';

function define(description: string, tag: string, definition: string, more: Partial<Definition> = {}): Definition {
  return { dumpId: 1, description, tag, definition, schema: 'public', dropStatement: '', dependencies: [], ...more };
}

function statements(expected: Definition | undefined, live: Definition | undefined): string[] {
  return statementsFor({ what: '', expected, live });
}

test('tells what is new or different, in the order of the live side, and then what is gone, backwards', () => {
  const expected = [define('TABLE', 'a', '1'), define('INDEX', 'b', '1'), define('VIEW', 'c', '1'), define('VIEW', 'd', '1')];
  const live = [define('VIEW', 'new', '1'), define('TABLE', 'a', '1'), define('VIEW', 'c', '2')];
  expect(compareDefinitions(expected, live).map(({ what }) => what)).toEqual([
    'VIEW public.new',
    'VIEW public.c',
    'VIEW public.d',
    'INDEX public.b',
  ]);
});

test('the order of columns makes no difference, nor the dump ids', () => {
  const expected = define('TABLE', 'a', 'CREATE TABLE public.a (\n    b integer,\n    c integer\n);\n');
  const live = define('TABLE', 'a', 'CREATE TABLE public.a (\n    c integer,\n    b integer\n);\n', { dumpId: 7 });
  expect(compareDefinitions([expected], [live])).toEqual([]);
});

test('operators of the same name are told apart', () => {
  const [plus, other] = [define('OPERATOR', '+', 'CREATE OPERATOR 1'), define('OPERATOR', '+', 'CREATE OPERATOR 2')];
  expect(compareDefinitions([plus, other], [other, plus])).toEqual([]);
});

test('a function is replaced, or else made anew', () => {
  const dropStatement = 'DROP FUNCTION public.f();\n';
  const expected = define('FUNCTION', 'f()', 'CREATE FUNCTION public.f() RETURNS integer', { dropStatement });
  const live = define('FUNCTION', 'f()', 'CREATE FUNCTION public.f() RETURNS text');
  expect(statements(expected, live)).toEqual([
    'CREATE OR REPLACE FUNCTION public.f() RETURNS text',
    'DROP FUNCTION public.f();\nCREATE FUNCTION public.f() RETURNS text',
  ]);
});

const enumOf = (...values: string[]): Definition =>
  define('TYPE', 'mood', `CREATE TYPE public.mood AS ENUM (\n    ${values.join(',\n    ')}\n);\n`, {
    dropStatement: 'DROP TYPE public.mood;',
  });

test('an enum gets its new values where they belong', () => {
  const [added] = statements(enumOf("'b'", "'d,'"), enumOf("'a'", "'b'", "'it''s'", "'d,'", "'e'"));
  expect(added).toBe(
    [
      "ALTER TYPE public.mood ADD VALUE 'a' BEFORE 'b';",
      "ALTER TYPE public.mood ADD VALUE 'it''s' AFTER 'b';",
      "ALTER TYPE public.mood ADD VALUE 'e' AFTER 'd,';",
    ].join('\n'),
  );
});

test('an enum that has lost values, or has them in another order, is made anew', () => {
  expect(statements(enumOf("'a'", "'b'"), enumOf("'b'", "'a'"))).toEqual([expect.stringMatching(/^DROP TYPE public.mood;\n/)]);
  expect(statements(enumOf("'a'", "'b'"), enumOf("'b'"))).toHaveLength(1);
});

test.each([
  [
    'a comment',
    define('COMMENT', 'TABLE a', "COMMENT ON TABLE public.a IS E'x IS ''y'';'\n"),
    'COMMENT ON TABLE public.a IS NULL;',
  ],
  [
    'row security',
    define('ROW SECURITY', 'a', 'ALTER TABLE public.a ENABLE ROW LEVEL SECURITY;\n'),
    'ALTER TABLE public.a DISABLE ROW LEVEL SECURITY;',
  ],
  [
    'a table of a publication',
    define('PUBLICATION TABLE', 'p a', 'ALTER PUBLICATION p ADD TABLE ONLY public."A b" (c) WHERE ((c > 1));\n'),
    'ALTER PUBLICATION p DROP TABLE ONLY public."A b";',
  ],
  [
    'a policy',
    define('POLICY', 'a p', 'CREATE POLICY', { dropStatement: 'DROP POLICY p ON public.a;\n' }),
    'DROP POLICY p ON public.a;',
  ],
])('takes away %s', (_name, expected, sql) => {
  expect(statements(expected, undefined)).toEqual([sql]);
});

test('an added clause of a table is told; its columns are for alterTables', () => {
  const table = 'CREATE TABLE public.a (\n    b text\n);\n';
  const clause = 'ALTER TABLE ONLY public.a REPLICA IDENTITY FULL;';
  expect(statements(define('TABLE', 'a', table), define('TABLE', 'a', `${table}${clause}\n`))).toEqual([clause]);
  expect(statements(define('TABLE', 'a', table), define('TABLE', 'a', table.replace('text', 'uuid')))).toEqual([]);
});

test('a sequence is altered, an identity made anew', () => {
  const sequence = (text: string): Definition => define('SEQUENCE', 's', text, { dropStatement: '' });
  expect(
    statements(sequence('CREATE SEQUENCE public.s\n    CACHE 1;'), sequence('CREATE SEQUENCE public.s\n    CACHE 2;')),
  ).toEqual(['ALTER SEQUENCE public.s\n    CACHE 2;']);
});

test('what goes with a dropped table is not dropped by itself', () => {
  const table = define('TABLE', 'a', '1', { dumpId: 5 });
  const on = { dependencies: ['5'] };
  const changes = [
    define('INDEX', 'i', '1', on),
    define('FK CONSTRAINT', 'a fk', '1', on),
    define('FK CONSTRAINT', 'other fk', '1', on),
    define('VIEW', 'v', '1', on),
    table,
  ].map((expected) => ({ what: expected.tag!, expected, live: undefined }));
  expect(withoutConsequences(changes).map(({ what }) => what)).toEqual(['other fk', 'v', 'a']);
});

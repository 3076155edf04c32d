import { expect, test } from 'vitest';
import { alterTables, type TablePart } from '../../../src/domain/column-changes.ts';

function column(name: string, part: Partial<Extract<TablePart, { kind: 'column' }>> = {}): TablePart {
  const plain = {
    kind: 'column',
    table: 'public.notes',
    type: 'text',
    notNull: false,
    default: null,
    generated: null,
  } as const;
  return { ...plain, name, ...part };
}

function check(name: string, definition: string): TablePart {
  return { kind: 'check', table: 'public.notes', name, definition };
}

const on = 'ALTER TABLE ONLY public.notes';

test.each<[string, TablePart[], TablePart[], string[]]>([
  ['nothing', [column('a'), check('c', 'CHECK (true)')], [check('c', 'CHECK (true)'), column('a')], []],
  [
    'a new column',
    [column('a')],
    [column('a'), column('"B c"', { type: 'integer', notNull: true, default: '1' })],
    [`${on} ADD COLUMN "B c" integer DEFAULT 1 NOT NULL;`],
  ],
  [
    'a new generated column',
    [column('a')],
    [column('a'), column('b', { generated: 'lower(a)' })],
    [`${on} ADD COLUMN b text GENERATED ALWAYS AS (lower(a)) STORED;`],
  ],
  ['a column that is gone', [column('a'), column('b')], [column('a')], [`${on} DROP COLUMN b;`]],
  [
    'another type, with its default',
    [column('a', { type: 'integer', default: '1' })],
    [column('a', { type: 'text COLLATE pg_catalog."C"', default: "'1'::text" })],
    [
      `${on} ALTER COLUMN a DROP DEFAULT;\n${on} ALTER COLUMN a SET DATA TYPE text COLLATE pg_catalog."C" USING a::text;`,
      `${on} ALTER COLUMN a SET DEFAULT '1'::text;`,
    ],
  ],
  ['no default any more', [column('a', { default: '1' })], [column('a')], [`${on} ALTER COLUMN a DROP DEFAULT;`]],
  ['nullable now', [column('a', { notNull: true })], [column('a')], [`${on} ALTER COLUMN a DROP NOT NULL;`]],
  [
    'another expression',
    [column('a', { generated: 'b' })],
    [column('a', { generated: 'c' })],
    [`${on} DROP COLUMN a;\n${on} ADD COLUMN a text GENERATED ALWAYS AS (c) STORED;`],
  ],
  [
    'another check',
    [column('a'), check('c', 'CHECK (a)')],
    [column('a'), check('c', 'CHECK (b)')],
    [`${on} DROP CONSTRAINT c;\n${on} ADD CONSTRAINT c CHECK (b);`],
  ],
  ['a table that only one has', [column('a')], [column('a', { table: 'public.other' })], []],
])('%s', (_name, expected, live, statements) => {
  expect(alterTables(expected, live)).toEqual(statements);
});

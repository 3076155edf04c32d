import { describe, expect, test } from 'vitest';
import { formatDumpHead, parseDumpHead, sections, type DumpEntry, type DumpHead } from '../../../src/domain/dump-head.ts';
import { rewriteDumpHead, stageSchema, type RewriteOptions } from '../../../src/domain/rewrite-dump.ts';
import type { Action, Decision } from '../../../src/domain/selection.ts';
import { tolerateFailure } from '../../../src/domain/tolerant.ts';
import { define, defineRows } from '../../helpers/dump-entries.ts';

const format = { minor: 14, integerSize: 4, offsetSize: 8 };
const nothing: RewriteOptions = { preparation: 'SELECT 1;', finish: [], stagedColumns: () => [] };

function headOf(entries: readonly DumpEntry[]): DumpHead {
  return { preamble: Buffer.from('...'), format, entries };
}

function rewrite(decided: readonly (readonly [DumpEntry, Action])[], options: Partial<RewriteOptions> = {}) {
  const decisions = decided.map(([entry, action]): Decision => ({ entry, action }));
  const head = headOf(decisions.map(({ entry }) => entry));
  return rewriteDumpHead(head, decisions, { ...nothing, ...options }).entries;
}

test('what is kept stays as it is, and what is left out is gone', () => {
  const [table, view] = [define('TABLE', 'public.notes'), define('VIEW', 'public.seen')];
  expect(
    rewrite([
      [table, 'keep'],
      [view, 'skip'],
    ]),
  ).toEqual([table]);
});

test('every connection begins with the preparation', () => {
  const settings = define('SEARCHPATH', 'SEARCHPATH', {
    schema: null,
    definition: "SELECT set_config('search_path', '', false);\n",
  });
  expect(rewrite([[settings, 'keep']])).toEqual([{ ...settings, definition: 'SELECT 1;\n' }]);
});

test('what may fail is wrapped, and named by what it is', () => {
  const index = define('INDEX', 'storage.mine', { definition: 'CREATE INDEX mine ON storage.objects (id);\n' });
  const empty = define('TABLE DATA', 'public.notes', { definition: null });
  expect(
    rewrite([
      [index, 'try'],
      [empty, 'try'],
    ]),
  ).toEqual([
    { ...index, definition: tolerateFailure('index mine in schema storage', 'CREATE INDEX mine ON storage.objects (id);\n') },
    empty,
  ]);
});

test('the last statements come after everything else, in their order', () => {
  // pg_restore runs event triggers last of all, and materialized views are refreshed shortly before them.
  const [table, trigger] = [
    define('TABLE', 'public.notes', { dumpId: 40 }),
    define('EVENT TRIGGER', 'e', { schema: null, dumpId: 7 }),
  ];
  const [, , ...added] = rewrite(
    [
      [table, 'keep'],
      [trigger, 'keep'],
    ],
    { finish: ['SELECT 1;', 'SELECT 2;'] },
  );
  expect(added.map(({ dumpId, definition, description, section }) => ({ dumpId, definition, description, section }))).toEqual([
    { dumpId: 41, definition: 'SELECT 1;\n', description: 'EVENT TRIGGER', section: sections.postData },
    { dumpId: 42, definition: 'SELECT 2;\n', description: 'EVENT TRIGGER', section: sections.postData },
  ]);
});

describe('rows of a table with other columns', () => {
  const table = define('TABLE', 'auth.users', { dumpId: 100 });
  const rows = { ...defineRows(table, ['id', '"the name"', 'gone']), dumpId: 101 };
  const key = define('CONSTRAINT', 'auth.users users_pkey', { dumpId: 102, needs: [table] });
  const foreignKey = define('FK CONSTRAINT', 'public.notes notes_user_fkey', { dumpId: 103, needs: [key, table] });
  const decided = [
    [table, 'skip'],
    [rows, 'stage'],
    [key, 'skip'],
    [foreignKey, 'keep'],
  ] as const;
  const stagedColumns = ({ schema, tag }: DumpEntry): string[] =>
    `${schema}.${tag}` === 'auth.users' ? ['id', 'the name', 'new'] : [];

  test('are copied into a table of texts', () => {
    const [create, copy] = rewrite(decided, { stagedColumns });
    expect(create).toMatchObject({
      section: sections.preData,
      hasData: false,
      definition: `CREATE UNLOGGED TABLE ${stageSchema}."agent_rows_101" ("id" text, "the name" text, "gone" text);\n`,
    });
    expect(copy).toEqual({
      ...rows,
      copyStatement: `COPY ${stageSchema}."agent_rows_101" ("id", "the name", "gone") FROM stdin;\n`,
      dependencies: [String(create!.dumpId)],
    });
  });

  test('are moved from there, in the columns that both have, and a failure is borne', () => {
    const [, , move] = rewrite(decided, { stagedColumns });
    expect(move).toMatchObject({ section: sections.data, dependencies: ['101', '100'] });
    expect(move!.definition).toContain('INSERT INTO "auth"."users" ("id", "the name") OVERRIDING SYSTEM VALUE SELECT ');
    expect(move!.definition).toContain('rows of table users in schema auth');
    expect(move!.definition!.endsWith(`$;\nDROP TABLE ${stageSchema}."agent_rows_101";\n`)).toBe(true);
  });

  test('are moved in all their columns into a table that comes with the restore', () => {
    const [, , move] = rewrite(decided);
    expect(move!.definition).toContain('INSERT INTO "auth"."users" ("id", "the name", "gone") OVERRIDING');
  });

  test('are copied after what comes between definitions and rows', () => {
    const [definition, others] = [define('TABLE', 'public.notes'), defineRows(define('TABLE', 'public.notes'))];
    const index = define('INDEX', 'public.by_date', { section: sections.postData });
    const between = ['SELECT 1;', 'SELECT 2;'];
    const entries = rewrite([[definition, 'keep'], [others, 'keep'], ...decided, [index, 'keep']], { between });
    expect(entries.slice(0, 4)).toMatchObject([
      definition,
      { definition: 'SELECT 1;\n', section: sections.preData },
      { definition: 'SELECT 2;\n', section: sections.preData },
      others,
    ]);
    const withoutRows = rewrite(
      [
        [definition, 'keep'],
        [index, 'keep'],
      ],
      { between },
    );
    expect(withoutRows.map((entry) => entry.definition)).toEqual([
      definition.definition,
      'SELECT 1;\n',
      'SELECT 2;\n',
      index.definition,
    ]);
    expect(rewrite([[definition, 'keep']], { between }).at(-1)!.definition).toBe('SELECT 2;\n');
  });

  test('make entries with ids of their own, in a head that can be read', () => {
    const other = defineRows(define('TABLE', 'public.notes'), ['id']);
    const entries = rewrite([...decided, [other, 'stage']], { finish: ['SELECT 1;'], between: ['SELECT 2;'] });
    expect(new Set(entries.map(({ dumpId }) => dumpId)).size).toBe(9);
    const preamble = Buffer.concat([Buffer.from('PGDMP'), Buffer.from([1, 14, 0, 4, 8, 1]), Buffer.alloc(5 * 11)]);
    expect(parseDumpHead(formatDumpHead({ preamble, format, entries })).head.entries).toEqual(entries);
  });
});

import { expect, test } from 'vitest';
import type { JudgedDifference } from '../../../../src/domain/comparison.ts';
import {
  addDefinitions,
  judgeContent,
  judgeDefinitions,
  judgeRows,
  type RehearsedComparison,
} from '../../../../src/domain/drill/judge-comparison.ts';

const equal: RehearsedComparison = {
  tables: 2,
  rows: 30,
  contents: 2,
  differences: [],
  changedContents: [],
  uncompared: [],
  classes: [{ class: 'policy', equal: 4, missing: 0, different: 0, extra: 0 }],
  catalog: [],
  unexplained: [],
};

const checks = ['definitions', 'foreign keys', 'indexes', 'sequences', 'views', 'row security'] as const;

function lost(className: string, value: object = {}): JudgedDifference {
  return { class: className, name: 'x', schema: 'public', kind: 'missing', before: value as never, verdict: 'lost' };
}

test('a comparison without a difference has no finding', () => {
  const nothing = { failed: [], notChecked: [] };
  expect(judgeRows(equal)).toMatchObject({ detail: '2 tables with 30 rows', ...nothing });
  expect(judgeContent(equal, { hashed: 2, unhashed: [] })).toMatchObject(nothing);
  for (const check of checks) expect(judgeDefinitions(equal, check)).toMatchObject(nothing);
});

test('rows that are not there have failed, unless that was foretold', () => {
  const differences = [
    { what: 'table public.a', expected: 3, found: 2 },
    { what: 'table public.b', expected: 3, found: null },
  ];
  const unexplained = ['rows of table public.a'];
  expect(judgeRows({ ...equal, differences, unexplained })).toMatchObject({
    failed: ['table public.a: 2 instead of 3'],
    notChecked: ['table public.b: it is not there'],
  });
});

test('content that could not be compared is not checked, and other content has failed', () => {
  const found = judgeContent({ ...equal, contents: 1, changedContents: ['table public.a'] }, { hashed: 2, unhashed: [] });
  expect(found.failed).toEqual(['table public.a']);
  expect(found.notChecked).toHaveLength(1);
});

test.each([
  ['index', {}, 'indexes'],
  ['sequence value', {}, 'sequences'],
  ['view', {}, 'views'],
  ['materialized view', {}, 'views'],
  ['policy', {}, 'row security'],
  ['row security', {}, 'row security'],
  ['table constraint', { definition: 'FOREIGN KEY (a) REFERENCES b(a)' }, 'foreign keys'],
  ['table constraint', { definition: 'CHECK (a > 0)' }, 'definitions'],
  ['owner', {}, 'definitions'],
])('a lost %s %o is found by one check alone: %s', (className, value, expected) => {
  const comparison = { ...equal, catalog: [lost(className, value)], unexplained: [`${className} x`] };
  const finding = checks.filter((check) => judgeDefinitions(comparison, check).failed.length > 0);
  expect(finding).toEqual([expected]);
  const foretold = { ...comparison, unexplained: [] };
  expect(judgeDefinitions(foretold, expected as 'views')).toMatchObject({
    failed: [],
    notChecked: [`missing: ${className} x`],
  });
});

test('what an extension of another version brings is not checked, and one in another schema has failed', () => {
  const extension = (after: object): JudgedDifference => ({
    ...lost('extension', { version: '1.0', schema: 'public' }),
    kind: 'different',
    after: after as never,
  });
  const member = lost('privileges', { extension: 'x' });
  const unexplained = ['extension x', 'privileges x'];
  const other = { ...equal, catalog: [extension({ version: '1.1', schema: 'public' }), member], unexplained };
  expect(judgeDefinitions(other, 'definitions')).toMatchObject({
    failed: [],
    notChecked: ['different: extension x', 'missing: privileges x'],
  });
  const moved = { ...equal, catalog: [extension({ version: '1.0', schema: 'other' }), member], unexplained };
  expect(judgeDefinitions(moved, 'definitions').failed).toEqual(['different: extension x', 'missing: privileges x']);
});

test('of a backup without a catalog no definition is checked', () => {
  for (const check of checks) {
    expect(judgeDefinitions({ ...equal, classes: undefined }, check).notChecked).toHaveLength(1);
  }
});

test('findings are added up', () => {
  const asked = { detail: '3 views', failed: ['a'], notChecked: ['b'] };
  expect(addDefinitions(asked, { detail: '', failed: ['c'], notChecked: ['d'] })).toEqual({
    detail: '3 views',
    failed: ['a', 'c'],
    notChecked: ['b', 'd'],
  });
});

test('content that no hash was taken of is named', () => {
  expect(judgeContent(equal, { hashed: 2, unhashed: ['public.large'] })).toEqual({
    detail: '2 of 3 tables',
    failed: [],
    notChecked: ['table public.large: its content could not be hashed when the backup was made'],
  });
});

test('columns in another order are told, each table once', () => {
  const column = (name: string): JudgedDifference => ({ ...lost('column'), kind: 'different', name, verdict: 'reordered' });
  const catalog = [column('public.heir.a'), column('public.heir."the b"')];
  expect(judgeDefinitions({ ...equal, catalog }, 'definitions')).toMatchObject({
    failed: [],
    notChecked: ['table public.heir: another order of columns, as no dump keeps it of a table that inherits'],
  });
});

import { describe, expect, test } from 'vitest';
import type { CatalogDifference } from '../../../src/domain/catalog-difference.ts';
import { collectHeirs, isReordered, tableOfColumn } from '../../../src/domain/reordered-columns.ts';
import { record } from '../../helpers/catalog-records.ts';

test('tables that inherit are known, partitions are not among them', () => {
  const records = [
    record('table', 'public.child', { inherits: ['public.parent'] }),
    record('foreign table', 'public.far', { inherits: ['public.parent'] }),
    record('table', 'public.part', { inherits: ['public.whole'], partitionBound: 'DEFAULT' }),
    record('table', 'public.parent', {}),
    record('view', 'public.seen', { inherits: ['public.parent'] }),
  ];
  expect([...collectHeirs(records)]).toEqual(['public.child', 'public.far']);
});

describe('a column of such a table', () => {
  const column: CatalogDifference = {
    class: 'column',
    name: 'public.child.body',
    schema: 'public',
    kind: 'different',
    before: { position: 1, type: 'text', notNull: true },
    after: { notNull: true, position: 4, type: 'text' },
  };

  test.each<[string, Partial<CatalogDifference>, boolean]>([
    ['that stands elsewhere alone', {}, true],
    ['that is another one, too', { after: { position: 4, type: 'text', notNull: false } }, false],
    ['that is missing', { kind: 'missing' }, false],
    ['of another table', { name: 'public.other.body' }, false],
    ['which is something else', { class: 'index' }, false],
  ])('%s is reordered: %3$s', (_, facts, expected) => {
    expect(isReordered({ ...column, ...facts }, new Set(['public.child']))).toBe(expected);
  });
});

test.each([
  ['public.notes.body', 'public.notes'],
  ['public.notes."the.body"', 'public.notes'],
  ['"a.b"."c ""d"".e"."f ""g"" h"', '"a.b"."c ""d"".e"'],
])('%s is a column of %s', (name, expected) => {
  expect(tableOfColumn(name)).toBe(expected);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { canonicalJson, diffCatalogs, formatDifference } from '../../../src/domain/catalog-difference.ts';
import { diffLines } from '../../../src/domain/line-difference.ts';

function record(name: string, value: CatalogRecord['value'] = {}, kind = 'table'): CatalogRecord {
  return { class: kind, name, schema: name.split('.')[0]!, value };
}

function format(before: CatalogRecord['value'], after: CatalogRecord['value']): string {
  return formatDifference(diffCatalogs([record('public.f()', before, 'function')], [record('public.f()', after, 'function')]));
}

describe('diffCatalogs', () => {
  test('tells what is missing, extra and different, sorted by class and name', () => {
    const before = [record('public.b', { a: 1 }), record('public.c'), record('public.Z'), record('public.a', {}, 'view')];
    const after = [record('public.b', { a: 2 }), record('public.c'), record('public.a', {}, 'sequence')];
    expect(diffCatalogs(before, after)).toEqual([
      { class: 'sequence', name: 'public.a', schema: 'public', kind: 'extra', after: {} },
      { class: 'table', name: 'public.Z', schema: 'public', kind: 'missing', before: {} },
      { class: 'table', name: 'public.b', schema: 'public', kind: 'different', before: { a: 1 }, after: { a: 2 } },
      { class: 'view', name: 'public.a', schema: 'public', kind: 'missing', before: {} },
    ]);
  });

  test('does not care for the order of keys, at any depth, but for that of lists', () => {
    const one = record('a', { x: [{ b: 1, a: null }], y: 'text' });
    expect(diffCatalogs([one], [record('a', { y: 'text', x: [{ a: null, b: 1 }] })])).toEqual([]);
    expect(diffCatalogs([record('a', ['x', 'y'])], [record('a', ['y', 'x'])])).toHaveLength(1);
  });

  test('knows null from nothing', () => {
    expect(diffCatalogs([record('a', { x: null })], [record('a', {})])).toHaveLength(1);
  });

  test('finds nothing between a catalog and itself, in another order', () => {
    const records = fc.uniqueArray(fc.string(), { maxLength: 20 }).map((names) => names.map((name) => record(name, { name })));
    fc.assert(
      fc.property(records, (some) => {
        expect(diffCatalogs(some, some.toReversed())).toEqual([]);
      }),
    );
  });
});

test('canonicalJson is JSON that differs only where values do', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = value as CatalogRecord['value'];
      expect(JSON.parse(canonicalJson(json))).toEqual(JSON.parse(JSON.stringify(json)));
    }),
  );
  expect(canonicalJson({ b: [2, { d: 1, c: 2 }], a: 'é\n' })).toBe('{"a":"é\\n","b":[2,{"c":2,"d":1}]}');
});

describe('formatDifference', () => {
  test('says nothing of nothing', () => {
    expect(formatDifference([])).toBe('');
  });

  test('marks what is extra and what is missing', () => {
    const differences = diffCatalogs([record('mine on public.notes', {}, 'policy')], [record('public.notes')]);
    expect(formatDifference(differences)).toBe('- policy mine on public.notes\n+ table public.notes\n');
  });

  test('shows short fields in a line, and those that only one has', () => {
    expect(format({ a: 1, b: true, same: 'x' }, { a: 2, c: 'text', same: 'x' })).toBe(
      ['~ function public.f()', '    - a: 1', '    + a: 2', '    - b: true', '    + c: text', ''].join('\n'),
    );
  });

  test('shows a long text line by line, without the lines that are the same', () => {
    const body = ['BEGIN', '  one;', '  two;', '  three;', 'END'];
    expect(
      format({ definition: body.join('\n') }, { definition: body.with(2, '  2;').toSpliced(4, 0, '  four;').join('\n') }),
    ).toBe(['~ function public.f()', '    definition:', '      -   two;', '      +   2;', '      +   four;', ''].join('\n'));
  });

  test('shows lists item by item', () => {
    const grant = (privilege: string) => ({ privilege, grantee: 'anon' });
    expect(format({ grants: [grant('DELETE'), grant('SELECT')] }, { grants: [grant('INSERT'), grant('SELECT')] })).toBe(
      [
        '~ function public.f()',
        '    grants:',
        '      - {"grantee":"anon","privilege":"DELETE"}',
        '      + {"grantee":"anon","privilege":"INSERT"}',
        '',
      ].join('\n'),
    );
  });

  test('shows values that are no objects', () => {
    expect(format('one', null)).toBe('~ function public.f()\n    - value: one\n    + value: null\n');
  });

  test('lets no name or text steer a terminal or turn a line around', () => {
    const text = formatDifference([
      { class: 'table', name: 'a\n\t\u001b[31m\u009b\u202eb\u2028', schema: null, kind: 'extra', after: {} },
    ]);
    expect(text).toBe('+ table a\\n\\t\\u001b[31m\\u009b\\u202eb\\u2028\n');
  });
});

describe('diffLines', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });

  test('takes one text to the other', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const changes = diffLines(before, after);
        const removed = changes.filter(({ sign }) => sign === '-').map(({ line }) => line);
        const added = changes.filter(({ sign }) => sign === '+').map(({ line }) => line);
        expect(before.length - removed.length).toBe(after.length - added.length);
        expect(isSubsequence(removed, before) && isSubsequence(added, after)).toBe(true);
      }),
    );
  });

  test('finds the longest common subsequence', () => {
    expect(diffLines('abcabba'.split(''), 'cbabac'.split(''))).toHaveLength(5);
    expect(diffLines(['a', 'b'], ['a', 'b'])).toEqual([]);
    expect(diffLines(['a', 'a'], ['a'])).toEqual([{ sign: '-', line: 'a' }]);
  });

  test('gives up on texts that have grown too long to compare, not on their equal ends', () => {
    const middle = (letter: string) => Array.from({ length: 2100 }, (_, index) => `${letter}${index}`);
    expect(diffLines(['same', ...middle('a'), 'end'], ['same', ...middle('b'), 'end'])).toHaveLength(4200);
  });
});

function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let found = 0;
  for (const line of all) if (line === some[found]) found += 1;
  return found === some.length;
}

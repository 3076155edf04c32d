import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPathChooser } from '../../../../src/domain/storage/extracted-path.ts';
import { objectPath } from '../../../../src/domain/storage/object-path.ts';

function choose(bucket: string, names: readonly string[]): string[] {
  const pathOf = createPathChooser(bucket, names);
  return names.map((name) => pathOf(name).path);
}

test.each([
  'a',
  'a/b.txt',
  'sp ace/q?.txt',
  '.hidden',
  '-x',
  'line\nend',
  'Über/ü',
  'x.json',
  '...',
  'a\\b',
  '%2F',
  'long'.repeat(63),
])('%j stays as it is', (name) => {
  expect(choose('docs', [name])).toEqual([`docs/${name}`]);
});

test.each([
  '',
  '/',
  '/lead',
  'trail/',
  'n//double',
  '.',
  '..',
  '../../etc/passwd',
  'a/../b',
  'a/./b',
  'nul\0',
  '\ud800',
  `${'long'.repeat(63)}.png`,
  'ü'.repeat(128),
])('%j goes where it is archived', (name) => {
  expect(choose('docs', [name])).toEqual([objectPath('docs', name)]);
});

test.each(['', '.', '..', 'a/b', '/etc', 'nul\0', 'storage', 'b'.repeat(256)])('so does all of the bucket %j', (bucket) => {
  expect(choose(bucket, ['a'])).toEqual([objectPath(bucket, 'a')]);
});

test('a name that is the directory of another one gives way, whatever their order', () => {
  const names = ['a', 'a!', 'a/b', 'a/b/c', 'd/e', 'd'];
  const paths = [
    objectPath('docs', 'a'),
    'docs/a!',
    objectPath('docs', 'a/b'),
    'docs/a/b/c',
    'docs/d/e',
    objectPath('docs', 'd'),
  ];
  expect(choose('docs', names)).toEqual(paths);
  expect(choose('docs', ['a'])).toEqual(['docs/a']);
});

test('one that gives way anyhow makes no directory', () => {
  expect(choose('docs', ['a', 'a//b'])).toEqual(['docs/a', objectPath('docs', 'a//b')]);
});

const component = fc.oneof(
  fc.constantFrom('', '.', '..', 'a', 'b', 'a%', 'storage', 'objects', 'objects%', 'docs', '%_', 'x.y'),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const text = fc.array(component, { minLength: 1, maxLength: 4 }).map((components) => components.join('/'));

test('no two objects meet, none is the directory of another, none leads out', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.oneof(component, text), text), { selector: (pair) => JSON.stringify(pair) }),
      (pairs) => {
        const paths = [...Map.groupBy(pairs, ([bucket]) => bucket)].flatMap(([bucket, objects]) =>
          choose(
            bucket,
            objects.map(([, name]) => name),
          ),
        );
        const files = new Set(paths);
        expect(files.size).toBe(paths.length);
        for (const path of paths) {
          const components = path.split('/');
          expect(components.filter((one) => ['', '.', '..'].includes(one) || one.includes('\0'))).toEqual([]);
          for (let depth = 1; depth < components.length; depth += 1)
            expect(files.has(components.slice(0, depth).join('/'))).toBe(false);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

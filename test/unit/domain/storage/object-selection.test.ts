import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketDirectory, objectPath } from '../../../../src/domain/storage/object-path.ts';
import {
  archivedPaths,
  createObjectSelection,
  matchObject,
  parseWantedPath,
  type ObjectSelection,
} from '../../../../src/domain/storage/object-selection.ts';
import { objectsSidecarPath } from '../../../../src/domain/storage/sidecar.ts';

const buckets = ['docs', 'a', 'a/b', 'Über uns'];

function select(...texts: string[]): ObjectSelection {
  return createObjectSelection(texts.map((text) => parseWantedPath(text, buckets)!));
}

test.each([
  ['docs', 'docs', ''],
  ['docs/', 'docs', ''],
  ['docs/x', 'docs', 'x'],
  ['docs/x/', 'docs', 'x/'],
  ['docs//x', 'docs', '/x'],
  ['a/b', 'a/b', ''],
  ['a/bc', 'a', 'bc'],
])('%s', (text, bucket, key) => {
  expect(parseWantedPath(text, buckets)).toEqual({ text, bucket, key });
});

test.each(['', '/', 'doc', 'docsx/a', '/docs/a'])('%j is in no bucket', (text) => {
  expect(parseWantedPath(text, buckets)).toBeUndefined();
});

test.each([
  [['docs'], 'docs', 'any/thing', true],
  [['docs'], 'a', 'any/thing', false],
  [['docs/x'], 'docs', 'x', true],
  [['docs/x'], 'docs', 'x/y', false],
  [['docs/x'], 'docs', 'xy', false],
  [['docs/x/'], 'docs', 'x/y/z', true],
  [['docs/x/'], 'docs', 'x/', true],
  [['docs/x/'], 'docs', 'x', false],
  [['docs//'], 'docs', '/x', true],
  [[], 'docs', 'x', true],
])('%j selects of %s %s: %j', (texts, bucket, name, selected) => {
  expect(matchObject(select(...texts), bucket, name).selected).toBe(selected);
});

test('tells which paths select an object, and which lack a slash for that', () => {
  const { paths, almost } = matchObject(select('docs/x', 'docs/x/', 'docs/x/y', 'docs/z'), 'docs', 'x/y');
  expect([paths, almost].map((found) => found.map(({ text }) => text).toSorted())).toEqual([
    ['docs/x/', 'docs/x/y'],
    ['docs/x'],
  ]);
});

test('asks for no more than it needs, as long as that is short', () => {
  expect(archivedPaths(select())).toEqual(['storage']);
  expect(archivedPaths(select('docs/x', 'docs/v1.2/', 'a'))).toEqual([
    objectsSidecarPath('docs'),
    objectPath('docs', 'x'),
    `${bucketDirectory('docs')}/objects/v1.2%`,
    bucketDirectory('a'),
  ]);
  const many = Array.from({ length: 1000 }, (_, index) => `docs/${index}`);
  expect(archivedPaths(select(...many, 'a/1'))).toEqual([bucketDirectory('docs'), bucketDirectory('a')]);
});

const text = fc
  .array(fc.constantFrom('', 'a', 'b.c', '..', 'long'.repeat(80)), { maxLength: 4 })
  .map((parts) => parts.join('/'));

test('what it asks for holds all that is selected', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), fc.array(text), (keys, names) => {
      const selection = select(...keys.map((key) => `docs/${key}`));
      const asked = archivedPaths(selection);
      for (const name of names.filter((one) => matchObject(selection, 'docs', one).selected)) {
        const path = objectPath('docs', name);
        expect(asked.some((one) => path === one || path.startsWith(`${one}/`))).toBe(true);
      }
    }),
  );
});

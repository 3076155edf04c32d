import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketDirectory, objectPath } from '../../../../src/domain/storage/object-path.ts';
import {
  archivedPaths,
  archivedPathsOf,
  createObjectSelection,
  matchObject,
  parseWantedName,
  parseWantedPath,
  selectsBucket,
  touchesBucket,
  wantBucket,
  type ObjectSelection,
} from '../../../../src/domain/storage/object-selection.ts';
import { objectsSidecarPath } from '../../../../src/domain/storage/sidecar.ts';

const buckets = ['docs', 'a', 'a/b', 'Über uns'];

function select(...texts: string[]): ObjectSelection {
  return createObjectSelection(texts.map((text) => parseWantedPath(text, buckets)!));
}

test.each([
  ['docs', 'docs', 'bucket', ''],
  ['docs/', 'docs', 'bucket', ''],
  ['docs/x', 'docs', 'object', 'x'],
  ['docs/x/', 'docs', 'prefix', 'x/'],
  ['docs//x', 'docs', 'object', '/x'],
  ['a/b', 'a/b', 'bucket', ''],
  ['a/bc', 'a', 'object', 'bc'],
])('%s', (text, bucket, kind, name) => {
  expect(parseWantedPath(text, buckets)).toEqual({ text, bucket, kind, name });
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
  const { by, almost } = matchObject(select('docs/x', 'docs/x/', 'docs/x/y', 'docs/z'), 'docs', 'x/y');
  expect([by, almost].map((found) => found.map(({ text }) => text).toSorted())).toEqual([['docs/x/', 'docs/x/y'], ['docs/x']]);
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
  expect(archivedPaths(select(...many, 'a/1'))).toEqual([
    bucketDirectory('docs'),
    objectsSidecarPath('a'),
    objectPath('a', '1'),
  ]);
});

const text = fc
  .array(fc.constantFrom('', 'a', 'b.c', '..', 'long'.repeat(80)), { maxLength: 4 })
  .map((parts) => parts.join('/'));

test('prefixes need no slash at their end; a bucket is touched by any part of it', () => {
  const selection = createObjectSelection([parseWantedName('prefix', 'docs/in')!, parseWantedName('object', 'a/trail/')!]);
  const selects = (bucket: string, name: string): boolean => matchObject(selection, bucket, name).selected;
  expect([selects('docs', 'invoice/1'), selects('docs', 'i'), selects('a', 'trail/'), selects('a', 'trail/x')]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect([touchesBucket(selection, 'docs'), selectsBucket(selection, 'docs'), touchesBucket(selection, 'b')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(selectsBucket(createObjectSelection([wantBucket('docs')]), 'docs')).toBe(true);
  expect(['docs', 'docs/', '/x', ''].map((typed) => parseWantedName('object', typed))).toEqual(Array(4).fill(undefined));
});

test('what it asks for holds all that is selected', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, fc.constantFrom('prefix' as const, undefined)), { minLength: 1, maxLength: 5 }),
      fc.array(text),
      (keys, names) => {
        const wanted = keys.map(([key, kind]) => {
          const typed = `docs/${key}`;
          return (kind === undefined ? undefined : parseWantedName(kind, typed)) ?? parseWantedPath(typed, buckets)!;
        });
        const selection = createObjectSelection(wanted);
        for (const asked of [archivedPaths(selection), archivedPathsOf(selection, 'docs')]) {
          for (const name of names.filter((one) => matchObject(selection, 'docs', one).selected)) {
            const path = objectPath('docs', name);
            expect(asked.some((one) => path === one || path.startsWith(`${one}/`))).toBe(true);
          }
        }
      },
    ),
  );
});

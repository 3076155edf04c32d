import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketDirectory, objectPath, parseObjectPath } from '../../../../src/domain/storage/object-path.ts';

const perProperty = { numRuns: 3000 };

/** What a name could be mistaken by: separators, dots, marks, escapes, control characters, half characters, normal forms. */
const snares = fc.constantFrom(
  '/',
  '//',
  '.',
  '..',
  '-',
  '.partial-',
  ...'% %+ %_ %% %2E %2e %2F %u %uD800 + _ \\ a A b objects storage bucket.json objects.jsonl x.json'.split(' '),
  ...'\n\0\u007f\u0085\u2028\u202e\ufeff é'.split(''),
  'e\u0301',
  '\ud800',
  '\udc00',
  '😀',
);
const snareNames = fc.array(snares, { maxLength: 12 }).map((parts) => parts.join(''));
const longNames = fc
  .tuple(
    snareNames,
    fc.constantFrom('a', 'é', '.', '\n', '/', '\0/', '-', '日', '😀', '%+', './'),
    fc.integer({ min: 1, max: 1024 }),
  )
  .map(([beginning, part, times]) => beginning + part.repeat(times));
const names = fc.oneof(snareNames, longNames, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 300 }));
const objects = fc.record({ bucket: names, name: names });

function isDirectoryOf(path: string, other: string): boolean {
  return other.startsWith(`${path}/`);
}

/** The path with `length` characters behind `place`, counted round and round, replaced. */
function replaced(path: string, place: number, length: number, by: string): string {
  const at = place % (path.length + 1);
  return path.slice(0, at) + by + path.slice(at + length);
}

describe('the path of an object', () => {
  test('says which object it is of', () => {
    fc.assert(
      fc.property(objects, ({ bucket, name }) => {
        expect(parseObjectPath(objectPath(bucket, name))).toEqual({ bucket, name });
      }),
      perProperty,
    );
  });

  test('is the only one that is understood', () => {
    // Of components put together at random almost none is a path of an object; of such paths with a snare in them, enough are to be mistaken.
    const components = fc
      .array(fc.oneof(snareNames, fc.constant('objects')), { maxLength: 6 })
      .map((parts) => ['storage', ...parts].join('/'));
    const altered = fc
      .tuple(objects, fc.nat(), fc.nat({ max: 3 }), snares)
      .map(([{ bucket, name }, place, length, snare]) => replaced(objectPath(bucket, name), place, length, snare));
    let understood = 0;
    fc.assert(
      fc.property(fc.oneof(components, altered), (path) => {
        const parsed = parseObjectPath(path);
        if (parsed === undefined) return;
        understood++;
        expect(objectPath(parsed.bucket, parsed.name)).toBe(path);
      }),
      perProperty,
    );
    expect(understood, 'of 3000 paths').toBeGreaterThan(50);
  });

  test('differs from that of every other object, and neither is a directory of the other', () => {
    /** Pairs of names that are close to each other. */
    const pairs = fc.oneof(
      fc.tuple(names, names),
      fc.tuple(snareNames, snareNames, snareNames).map(([a, b, c]): [string, string] => [a + b, a + c]),
      fc.tuple(longNames, snareNames).map(([a, b]): [string, string] => [a, a + b]),
      fc.tuple(names, snareNames).map(([a, b]): [string, string] => [a, `${a}/${b}`]),
      names.map((name): [string, string] => [name, objectPath('b', name)]),
      names.map((name): [string, string] => [name.normalize('NFC'), name.normalize('NFD')]),
    );
    fc.assert(
      fc.property(pairs, fc.boolean(), ([one, other], ofBuckets) => {
        fc.pre(one !== other);
        const [first, second] = ofBuckets
          ? [objectPath(one, 'a.txt'), objectPath(other, 'a.txt')]
          : [objectPath('b', one), objectPath('b', other)];
        expect(Buffer.from(first).equals(Buffer.from(second))).toBe(false);
        expect(isDirectoryOf(first, second) || isDirectoryOf(second, first)).toBe(false);
      }),
      perProperty,
    );
  });

  test('is never that of a sidecar, whatever the buckets are called', () => {
    fc.assert(
      fc.property(objects, names, ({ bucket, name }, other) => {
        for (const sidecar of [`${bucketDirectory(other)}/bucket.json`, `${bucketDirectory(other)}/objects.jsonl`]) {
          const path = objectPath(bucket, name);
          expect(path === sidecar || isDirectoryOf(path, sidecar) || isDirectoryOf(sidecar, path)).toBe(false);
        }
      }),
      perProperty,
    );
  });

  test('is made of components that a file system takes', () => {
    fc.assert(
      fc.property(objects, ({ bucket, name }) => {
        const path = objectPath(bucket, name);
        expect(path.isWellFormed()).toBe(true);
        // oxlint-disable-next-line no-control-regex
        expect(path).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u);
        for (const component of path.split('/')) {
          expect(component).not.toMatch(/^(?:\.{0,2}$|-|\.partial-)/);
          expect(Buffer.byteLength(component)).toBeLessThanOrEqual(255);
        }
      }),
      perProperty,
    );
  });

  test('has at most 4096 bytes for the longest names that the Storage API takes', () => {
    const cut = (limit: number) => (text: string) =>
      Buffer.from(text)
        .subarray(0, limit)
        .toString()
        .replace(/\ufffd$/, '');
    fc.assert(
      fc.property(names.map(cut(100)), fc.oneof(longNames, names).map(cut(1024)), (bucket, name) => {
        expect(Buffer.byteLength(objectPath(bucket, name))).toBeLessThanOrEqual(4096);
      }),
      perProperty,
    );
  });
});

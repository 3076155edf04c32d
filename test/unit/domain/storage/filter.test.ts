import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStorageFilter, findGlobProblem, globOfObject, parseGlobs } from '../../../../src/domain/storage/filter.ts';

const only = (...buckets: string[]) => createStorageFilter({ buckets, exclude: [] });
const without = (...exclude: string[]) => createStorageFilter({ buckets: [], exclude });
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '.', '..', 'a/../b', './x', 'a\nb', '.hidden', 'a//b', 'a/'),
);

test('without globs everything is included', () => {
  fc.assert(
    fc.property(anyText, anyText, (bucket, name) => {
      const filter = only();
      expect([filter.includesBucket(bucket), filter.includesObject(bucket, name)]).toEqual([true, true]);
    }),
  );
});

test('a bucket is included or left out with whatever is in it', () => {
  fc.assert(
    fc.property(anyText, (name) => {
      for (const glob of ['videos', 'vid*', 'videos/', 'videos/**', '**/**', '{avatars,videos}', '{avatars,videos}/**']) {
        expect([glob, only(glob).includesObject('videos', name)]).toEqual([glob, true]);
        expect([glob, without(glob).includesObject('videos', name)]).toEqual([glob, false]);
      }
      expect(only('avatars', 'public-*').includesObject('videos', name)).toBe(false);
      expect(without('avatars', 'public-*').includesObject('videos', name)).toBe(true);
    }),
  );
});

describe('a glob', () => {
  test.each([
    ['videos/raw/**', 'raw/a/b.mp4', true],
    ['videos/raw/**', 'raw/../b.mp4', true],
    ['videos/raw/**', 'raw/.hidden', true],
    ['videos/raw/**', 'raw/', true],
    ['videos/raw/**', 'raw', false],
    ['videos/raw/**', 'rawer/b.mp4', false],
    ['videos/raw/**', 'RAW/b.mp4', false],
    ['videos/raw/', 'raw/a/b.mp4', true],
    ['videos/*', 'b.mp4', true],
    ['videos/*', 'raw/b.mp4', false],
    ['videos/*.mp4', 'b.mp4', true],
    ['videos/**/*.mp4', 'b.mp4', true],
    ['videos/**/*.mp4', 'raw/b.mp4', true],
    ['**/*.mp4', 'raw/b.mp4', true],
    ['*/raw/*.mp4', 'raw/b.mp4', true],
    ['*.mp4', 'b.mp4', false],
    ['videos/{raw,cut}/*', 'cut/b.mp4', true],
    ['{videos/raw,avatars}/*', 'raw/b.mp4', true],
    ['videos/b (1).mp4', 'b (1).mp4', true],
    ['videos/b (?).mp4', 'b (1).mp4', true],
    ['videos/a\\*', 'a*', true],
    ['videos/a\\*', 'ab', false],
    ['videos/a+b?.txt', 'a+bc.txt', true],
  ])('%s, and the object %s: %s', (glob, name, expected) => {
    expect(only(glob).includesObject('videos', name)).toBe(expected);
    expect(without(glob).includesObject('videos', name)).toBe(!expected);
  });

  test('of objects keeps the bucket that they are in', () => {
    expect(only('videos/raw/**').includesBucket('videos')).toBe(true);
    expect(only('videos/raw/**').includesBucket('avatars')).toBe(false);
    expect(only('**/*.mp4', '{a/b,c}/d').includesBucket('avatars')).toBe(true);
    expect(without('videos/**').includesBucket('videos')).toBe(true);
    expect(without('videos').includesBucket('videos')).toBe(false);
  });

  test('that excludes wins', () => {
    const filter = createStorageFilter({ buckets: ['videos', 'avatars/**'], exclude: ['videos/raw/**', 'avatars'] });
    expect(filter.includesObject('videos', 'cut/a.mp4')).toBe(true);
    expect(filter.includesObject('videos', 'raw/a.mp4')).toBe(false);
    expect(filter.includesBucket('avatars')).toBe(false);
    expect(filter.includesObject('avatars', 'a.png')).toBe(false);
  });

  test('that names no bucket is told', () => {
    const filter = createStorageFilter({ buckets: ['video', 'avatars/**', '**/x'], exclude: ['public-*', 'avatars'] });
    expect(filter.withoutBucket(['avatars', 'videos'])).toEqual(['video', 'public-*']);
  });
});

test.each([
  ['', []],
  [' avatars , public-*,, ', ['avatars', 'public-*']],
  ['a/{b,c}/*,d', ['a/{b,c}/*', 'd']],
  ['a\\,b,c', ['a\\,b', 'c']],
])('the list %j has the globs %j', (text, globs) => {
  expect(parseGlobs(text)).toEqual(globs);
});

test('a comma after a backslash is one of the name', () => {
  expect(only(...parseGlobs('a\\,b')).includesBucket('a,b')).toBe(true);
});

test.each(['avatars', 'a/**', '\\!a', '**'])('%s can be used', (glob) => {
  expect(findGlobProblem(glob)).toBeUndefined();
});

test.each(['!a', '/a', 'a'.repeat(2501)])('%s cannot', (glob) => {
  expect(findGlobProblem(glob)).toBeDefined();
});

const signs = fc.constantFrom(
  ...'\\*?[]{}()!+@|^$,"\'`./ -#%~<>=:;&\n\tab0Zé'.split(''),
  '..',
  '[a]',
  '{a,b}',
  '**',
  '@(a)',
  '\\d',
);
const trouble = fc.array(signs, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
const bucketName = trouble.filter((text) => !text.includes('/') && text.trim() !== '');

test('any object can be left out by its own name, and no other with it', () => {
  fc.assert(
    fc.property(bucketName, trouble, fc.array(trouble, { maxLength: 5 }), (bucket, name, others) => {
      const globs = parseGlobs(`other,${globOfObject(bucket, name)} , **/*.tmp`);
      expect(globs).toHaveLength(3);
      const filter = without(globs[1]!);
      expect(filter.includesObject(bucket, name)).toBe(false);
      for (const other of [...others, `${name}x`, `x${name}`, `${name}/x`, name.slice(0, -1)]) {
        if (other !== name) expect([other, filter.includesObject(bucket, other)]).toEqual([other, true]);
      }
    }),
    { numRuns: 2000 },
  );
});

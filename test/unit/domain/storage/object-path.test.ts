import { expect, test } from 'vitest';
import { bucketDirectory, objectPath, parseObjectPath } from '../../../../src/domain/storage/object-path.ts';

test.each([
  ['photo.png', 'photo.png'],
  ['a', 'a%'],
  ['a/b', 'a/b%'],
  ['2024/summer/photo one.png', '2024/summer/photo one.png'],
  ['v1.2/notes.txt', 'v1.2%/notes.txt'],
  ['.emptyFolderPlaceholder', '.emptyFolderPlaceholder'],
  ['x.json/bucket.json', 'x.json%/bucket.json'],
  ['objects.jsonl', 'objects.jsonl'],
  ['日本/é.txt', '日本/é.txt'],
  ['e\u0301.txt', 'e\u0301.txt'],
  ['', '%_%'],
  ['/lead.txt', '%_/lead.txt'],
  ['trail/', 'trail/%_%'],
  ['a//b.txt', 'a/%_/b.txt'],
  ['.', '%2E%'],
  ['../../etc/passwd', '%2E%2E/%2E%2E/etc/passwd%'],
  ['...', '...'],
  ['100%', '100%25%'],
  ['%2E%2e%/%+/%_', '%252E%252e%25/%25+/%25_%'],
  ['line\nbreak\0.txt', 'line%0Abreak%00.txt'],
  ['\u0085\u202e\u2028.txt', '%C2%85%E2%80%AE%E2%80%A8.txt'],
  ['back\\slash.txt', 'back%5Cslash.txt'],
  ['-rf/-x.txt', '%2Drf/%2Dx.txt'],
  ['.partial-1/.partial-2.txt', '%2Epartial-1/%2Epartial-2.txt'],
  ['\ud800.txt', '%uD800.txt'],
  ['😀.txt', '😀.txt'],
  ['a'.repeat(1024), [...Array<string>(4).fill(`${'a'.repeat(248)}%+/`), `${'a'.repeat(32)}%`].join('')],
])('the object %j lies at %j', (name, expected) => {
  const path = objectPath('avatars', name);
  expect(path).toBe(`storage/avatars/objects/${expected}`);
  expect(parseObjectPath(path)).toEqual({ bucket: 'avatars', name });
});

test.each([
  ['avatars', 'storage/avatars'],
  ['my.bucket', 'storage/my.bucket'],
  ['..', 'storage/%2E%2E'],
  ['a/b', 'storage/a%2Fb'],
  ['', 'storage/%_'],
  ['b'.repeat(300), `storage/${'b'.repeat(248)}%+/${'b'.repeat(52)}`],
])('the bucket %j lies at %j', (id, expected) => {
  expect(bucketDirectory(id)).toBe(expected);
  expect(parseObjectPath(objectPath(id, 'a.txt'))).toEqual({ bucket: id, name: 'a.txt' });
});

test.each([
  '',
  'storage',
  'storage/avatars',
  'storage/avatars/objects',
  'storage/avatars/objects/',
  'storage/avatars/bucket.json',
  'storage/avatars/objects.jsonl',
  'database/avatars/objects/a.txt',
  '/storage/avatars/objects/a.txt',
  'storage/avatars/objects/a',
  'storage/avatars/objects/a.b/c.txt',
  'storage/avatars/objects/a.txt%',
  'storage/avatars/objects/%61.txt',
  'storage/avatars/objects/%0a.txt',
  'storage/avatars/objects/%FF.txt',
  'storage/avatars/objects/%zz.txt',
  'storage/avatars/objects/%uD83D%uDE00.txt',
  'storage/avatars/objects/%u0041.txt',
  'storage/avatars/objects/a%+/b.txt',
  'storage/avatars/objects/../a.txt',
  'storage/avatars/objects/.partial-1.txt',
  'storage/avatars%+/objects/a.txt',
])('no object lies at %j', (path) => {
  expect(parseObjectPath(path)).toBeUndefined();
});

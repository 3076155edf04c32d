import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compactJson, prettyJson } from '../../../../src/domain/storage/json-text.ts';
import { objectPath } from '../../../../src/domain/storage/object-path.ts';
import {
  bucketSidecarPath,
  formatBucketSidecar,
  formatObjectLine,
  objectsSidecarPath,
  parseBucketSidecar,
  parseObjectLine,
} from '../../../../src/domain/storage/sidecar.ts';

const object = {
  name: 'a/b.png',
  path: 'storage/avatars/objects/a/b.png',
  bytes: 15,
  sha256: '0123456789abcdef'.repeat(4),
  version: null,
  eTag: null,
  size: null,
  updatedAt: null,
};
const line = (row: string): string => formatObjectLine({ ...object, row });

/** Rows as text, numbers in them that JavaScript would change. */
const numbers = fc.oneof(
  fc.bigInt().map(String),
  fc.constantFrom('1.10', '-0', '1e400', '9223372036854775807', '0.1000000000000000055511151231257827'),
);
const rows = fc
  .tuple(fc.json(), numbers, fc.constantFrom('', ' ', '\n  '))
  .map(
    ([json, number, space]) => `{${space}"metadata":${space}${json},${space}"object"${space}: {"object":${number}}${space}}`,
  );

describe('objects.jsonl', () => {
  test('a line', () => {
    expect(line('{"name": "a/b.png", "size": 12345678901234567890.10}')).toBe(
      `{"name":"a/b.png","path":"storage/avatars/objects/a/b.png","size":15,"sha256":"${object.sha256}","object":{"name": "a/b.png", "size": 12345678901234567890.10}}\n`,
    );
    expect(objectsSidecarPath('my/bucket')).toBe('storage/my%2Fbucket/objects.jsonl');
  });

  test('gives back what was written, to the letter of the row', () => {
    const names = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(',"object":{', '\\",\\"object\\":', 'x,"object":'));
    fc.assert(
      fc.property(names, fc.nat(), rows, (name, bytes, row) => {
        const path = objectPath('b', name);
        const written = formatObjectLine({ ...object, name, path, bytes, row });
        expect(written.indexOf('\n')).toBe(written.length - 1);
        const parsed = parseObjectLine(written.slice(0, -1), 1);
        expect(parsed).toEqual({ name, path, size: bytes, sha256: object.sha256, row: row.replaceAll('\n', ' ') });
      }),
    );
  });

  test('what a later version has put before the row is passed over', () => {
    const later = line('{"id":1}').replace(',"object"', ', "crc32":"a", "object"').trimEnd();
    expect(parseObjectLine(`${later} `, 1).row).toBe('{"id":1}');
  });

  test.each([
    ['', 'line 7 of objects.jsonl is no JSON'],
    ['{"name":"secret', 'line 7 of objects.jsonl is no JSON'],
    ['[]', 'line 7 of objects.jsonl: Invalid input: expected object, received array'],
    [line('{}').replace('"size":15,', ''), 'line 7 of objects.jsonl: size Invalid input: expected number, received undefined'],
    [line('{}').replace(':15', ':-1'), 'line 7 of objects.jsonl: size Too small: expected number to be >=0'],
    [line('{}').replace('0123', 'wxyz'), 'line 7 of objects.jsonl: sha256 is no SHA-256'],
    [line('{}').replace('/avatars', '/../..'), 'line 7 of objects.jsonl: path lies outside of the archive'],
    [line('{}').replace('storage/', '/storage/'), 'line 7 of objects.jsonl: path lies outside of the archive'],
    [line('null'), 'line 7 of objects.jsonl: object Invalid input: expected object, received null'],
    [line('{}').replace('}}', '},"more":1}'), 'the object in line 7 of objects.jsonl is no JSON'],
  ])('%s is refused', (text, message) => {
    expect(() => parseObjectLine(text, 7)).toThrow(new Error(message));
  });

  test('a row that is no JSON is not written', () => {
    expect(() => line('{"a":')).toThrow(SyntaxError);
  });
});

describe('bucket.json', () => {
  test('is for people to read', () => {
    const row = '{"id": "avatars", "public": true, "file_size_limit": 9223372036854775807, "allowed_mime_types": []}';
    expect(formatBucketSidecar({ id: 'avatars', row })).toBe(
      '{\n  "id": "avatars",\n  "public": true,\n  "file_size_limit": 9223372036854775807,\n  "allowed_mime_types": []\n}\n',
    );
    expect(bucketSidecarPath('avatars')).toBe('storage/avatars/bucket.json');
  });

  test('gives back what was written but for white space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), rows, (id, rest) => {
        const row = `{"id":${JSON.stringify(id)},"rest":${rest}}`;
        expect(parseBucketSidecar(formatBucketSidecar({ id, row }))).toEqual({ id, row: compactJson(row) });
      }),
    );
  });

  test.each([
    ['{', 'bucket.json is no JSON'],
    ['{"public":true}', 'bucket.json: id Invalid input: expected string, received undefined'],
  ])('%s is refused', (text, message) => {
    expect(() => parseBucketSidecar(text)).toThrow(new Error(message));
  });
});

test('JSON is written as JavaScript writes it, but for its numbers', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value);
      expect(prettyJson(text)).toBe(JSON.stringify(value, null, 2));
      expect(compactJson(prettyJson(text))).toBe(text);
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memberOf } from '../../../../src/domain/storage/json-text.ts';

test.each([
  ['{"a": 1.10, "b": 2}', '1.10'],
  ['{"b": {"a": 7}, "a": {"a": [1, {"x": "}"}]}, "c": 3}', '{"a":[1,{"x":"}"}]}'],
  ['{"b": "a", "c": ["a", {"a": 1}]}', undefined],
  ['{"a": null}', 'null'],
  ['{"a": ""}', '""'],
  ['{}', undefined],
])('the member a of %s', (text, wanted) => {
  expect(memberOf(text, 'a')).toBe(wanted);
});

test('a member of any object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      for (const [name, value] of Object.entries(object)) expect(memberOf(text, name)).toBe(JSON.stringify(value));
      expect(memberOf(text, 'there is none')).toBe(undefined);
    }),
  );
});

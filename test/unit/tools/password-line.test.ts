import fc from 'fast-check';
import { expect, test } from 'vitest';
import { passwordLine } from '../../../src/tools/postgres/password-file.ts';

/** As libpq reads a field of the file: a backslash makes the next character stand for itself. */
function readField(line: string): string {
  return line.replace('*:*:*:*:', '').replace(/\n$/, '').replaceAll(/\\(.)/g, '$1');
}

test('every password without a line break survives the password file', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/[\n\r\0]/.test(text)),
      (password) => {
        expect(readField(passwordLine(password))).toBe(password);
        expect(passwordLine(password).replaceAll(/\\./g, '').split(':')).toHaveLength(5);
      },
    ),
  );
});

test('a line break is refused, and the password is not shown', () => {
  expect(() => passwordLine('canary\n')).toThrow(/^The database password holds a line break/);
});

import { expect, test } from 'vitest';
import { isDiskFull, sqliteCode } from '../../../src/tools/sqlite-code.ts';

test.each([
  ['SQLITE_FULL', { errcode: 13 }, true],
  ['SQLITE_IOERR_SHMSIZE, of a database in WAL mode', { errcode: 4874 }, true],
  ['SQLITE_IOERR_READ', { errcode: 266 }, false],
  ['SQLITE_BUSY', { errcode: 5 }, false],
  ['an error of the system', { code: 'EACCES' }, false],
])('a full disk: %s', (_, error, expected) => {
  expect(isDiskFull(error)).toBe(expected);
});

test('an extended code holds the primary one', () => {
  expect(sqliteCode({ errcode: 4874 })).toBe(10);
  expect(sqliteCode(new Error('of something else'))).toBe(-1);
});

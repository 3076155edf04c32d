import { expect, test } from 'vitest';
import { AppError } from '../../../../src/errors.ts';
import { onDisk, onDiskEach, onDiskLater } from '../../../../src/tools/mirror/disk.ts';

function systemError(code: string, errcode?: number): Error {
  return Object.assign(new Error(`${code}: as the system says it`), { code, errcode });
}

const full = /^There is no room left in the mirror \/mirror\. What it holds already is kept\.$/;
const damaged = /^The index of the mirror \/mirror is damaged: .*\. The files are untouched\.$/;
const unusable = /^The mirror \/mirror cannot be used: EACCES: /;

test.each([
  ['a full disk', systemError('ENOSPC'), 'no_space', full],
  ['a quota that is used up', systemError('EDQUOT'), 'no_space', full],
  ['an index for which there is no room', systemError('ERR_SQLITE_ERROR', 13), 'no_space', full],
  ['an index that is torn, by its extended code', systemError('ERR_SQLITE_ERROR', 11 + 256), 'failed', damaged],
  ['an index that is no database', systemError('ERR_SQLITE_ERROR', 26), 'failed', damaged],
  ['a directory of somebody else', systemError('EACCES'), 'failed', unusable],
])('%s is told as what it is, however it comes', async (_, error, code, message) => {
  const expected = { code, message: expect.stringMatching(message) as string, cause: error };
  const fail = (): never => {
    throw error;
  };
  expect(() => onDisk('/mirror', fail)).toThrow(expect.objectContaining(expected));
  await expect(onDiskLater('/mirror', async () => fail())).rejects.toMatchObject(expected);
  function* pieces(): Generator<number> {
    yield 1;
    fail();
  }
  const read = onDiskEach('/mirror', pieces());
  expect(read.next().value).toBe(1);
  expect(() => read.next()).toThrow(expect.objectContaining(expected));
});

test('what is no error of the system stays as it is', () => {
  const errors = [new AppError('interrupted', 'Interrupted.', { hint: 'Again.' }), new TypeError('a mistake')];
  for (const error of errors) {
    const work = (): never => {
      throw error;
    };
    expect(() => onDisk('/mirror', work)).toThrow(error);
  }
});

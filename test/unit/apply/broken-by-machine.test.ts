import { expect, test } from 'vitest';
import { assertRoomForAll, brokenByMachine, sessionBrokenByMachine } from '../../../src/apply/drill/broken-by-machine.ts';
import { restoreError } from '../../../src/apply/request.ts';
import { AppError } from '../../../src/errors.ts';

const psql = { exitCode: 3, signal: null, stdout: '', stderr: '' };

test.each([
  [
    'the disk is full',
    { ...psql, stderr: 'psql:restore.sql:44: ERROR:  could not extend file "base/1/2": No space left on device' },
    'no_space',
  ],
  [
    'psql has lost its server',
    { ...psql, exitCode: 2, stderr: 'psql: error: connection to server was lost' },
    'restore_failed',
  ],
  [
    'pg_restore has lost its server',
    { ...psql, exitCode: 1, stderr: 'pg_restore: error: server closed the connection unexpectedly' },
    'restore_failed',
  ],
  ['a program was killed', { ...psql, exitCode: null, signal: 'SIGKILL' }, 'restore_failed'],
  ['a statement fails', { ...psql, stderr: 'psql:restore.sql:44: ERROR:  violates foreign key constraint' }, undefined],
  [
    'the dump is cut short',
    { ...psql, exitCode: 1, stderr: 'pg_restore: error: could not read from input file: end of file' },
    undefined,
  ],
])('%s', (_, result, code) => {
  const broken = brokenByMachine(restoreError('Nothing of it stayed on the target.', result));
  expect(broken?.code).toBe(code);
  if (broken !== undefined) expect(broken.message).toContain('The backup itself is unharmed.');
});

test.each([
  ['the connection has ended', new Error('Connection terminated unexpectedly'), 'restore_failed'],
  ['the server stops', Object.assign(new Error('terminating connection'), { code: '57P01' }), 'restore_failed'],
  ['the connection was reset', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), 'restore_failed'],
  ['the disk is full', Object.assign(new Error('could not extend file'), { code: '53100' }), 'no_space'],
  ['a query is refused', Object.assign(new Error('division by zero'), { code: '22012' }), undefined],
])('in a session: %s', (_, cause, code) => {
  const error = new AppError('source_unreachable', cause.message, { hint: '', cause });
  expect(sessionBrokenByMachine(error)?.code).toBe(code);
});

test('what is no error of a session is not explained', () => {
  expect(sessionBrokenByMachine(new AppError('restore_failed', '', { hint: '' }))).toBeUndefined();
});

test('a disk that was full for one entry is no fault of the backup', () => {
  expect(() => assertRoomForAll(['materialized view data m: division by zero'])).not.toThrow();
  const refused = ['table data a: could not extend file "base/1/2": No space left on device'];
  expect(() => assertRoomForAll(refused)).toThrow(expect.objectContaining({ code: 'no_space' }));
});

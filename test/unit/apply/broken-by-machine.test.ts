import { expect, test } from 'vitest';
import { brokenByMachine } from '../../../src/apply/drill/broken-by-machine.ts';
import { restoreError } from '../../../src/apply/request.ts';

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

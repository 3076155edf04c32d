import { expect, test } from 'vitest';
import { assertDumped, isBrokenPipe } from '../../../src/archive/dump-error.ts';
import type { AppError } from '../../../src/errors.ts';

function failWith(stderr: string, signal: string | null = null): AppError {
  try {
    assertDumped('database/full.dump', { exitCode: signal === null ? 1 : null, signal, stdout: '', stderr });
  } catch (error) {
    return error as AppError;
  }
  throw new Error('A failed dump was let pass.');
}

test.each([
  ['pg_dump: error: aborting because of server version mismatch', 'dump_failed', 'postgresql-client-N'],
  ['pg_dump: error: query failed: ERROR:  permission denied for table x', 'dump_failed', 'pg_read_all_data'],
  ['pg_dump: error: query would be affected by row-level security policy for table "x"', 'dump_failed', 'BYPASSRLS'],
  ['pg_dump: error: query failed: server closed the connection unexpectedly', 'source_unreachable', 'run the backup again'],
  [
    'pg_dump: error: query failed: could not receive data from server: Connection reset by peer',
    'source_unreachable',
    'run the backup again',
  ],
  [
    'pg_dump: error: query failed: ERROR:  invalid snapshot identifier: "00000002-0000029B-1"',
    'source_unreachable',
    'The session that held the snapshot was ended',
  ],
  [
    'pg_dump: error: connection to server at "h" (::1), port 5432 failed: timeout',
    'source_unreachable',
    'run the backup again',
  ],
])('%s', (stderr, code, hint) => {
  const error = failWith(stderr);
  expect(error).toMatchObject({ code });
  expect(error.message).toBe(`database/full.dump could not be dumped: ${stderr}. No archive was made; earlier ones are safe.`);
  expect(error.hint).toContain(hint);
});

test('a dump that ended well is let pass', () => {
  expect(() => assertDumped('x', { exitCode: 0, signal: null, stdout: '', stderr: 'pg_dump: warning' })).not.toThrow();
});

test('a broken pipe is told from other failures', () => {
  expect(isBrokenPipe(failWith('', 'SIGPIPE'))).toBe(true);
  expect(isBrokenPipe(failWith('pg_dump: error: could not write to output file: Broken pipe'))).toBe(true);
  expect(isBrokenPipe(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))).toBe(true);
  expect(isBrokenPipe(failWith('pg_dump: error: out of memory'))).toBe(false);
});

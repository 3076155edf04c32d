import { describe, expect, test } from 'vitest';
import { Secret, type ConnectionConfig } from '../../../src/config/project-config.ts';
import { AppError } from '../../../src/errors.ts';
import { connectionError, isTransient } from '../../../src/tools/postgres/errors.ts';

const connection: ConnectionConfig = {
  host: 'database.example',
  port: 5432,
  user: 'postgres',
  database: 'shop',
  password: new Secret('canary'),
  sslMode: 'require',
  sslRootCertificate: undefined,
};

function failure(code: string | undefined, message = 'it said so'): Error {
  return Object.assign(new Error(message), { code });
}

describe('a connection that fails', () => {
  test.each([
    ['28P01', 'it said so', /^The user or password is wrong/, false],
    [undefined, 'SASL: client password must be a string', /^The server asks for a password/, false],
    ['3D000', 'it said so', /^There is no such database/, false],
    ['ENOTFOUND', 'it said so', /^Check the host name and the name servers/, false],
    ['EAI_AGAIN', 'it said so', /^Check the host name and the name servers/, true],
    ['53300', 'too many clients', /^The server has no connection to spare/, true],
    ['ECONNREFUSED', 'it said so', /^Nothing listens there, or the server is starting/, true],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate', /^TLS could not be verified/, false],
    ['XX000', 'Tenant or user not found', /^The pooler does not know this project/, false],
    ['57P01', 'terminating connection', /^The server ended the connection/, true],
    [undefined, 'Connection terminated unexpectedly', /^The server ended the connection/, true],
    ['42501', 'permission denied', /^Run `agent doctor`/, false],
  ])('with %s (%s) says what to do', (code, message, hint, retryable) => {
    const error = connectionError(connection, failure(code, message));
    expect(error).toMatchObject({
      code: 'source_unreachable',
      message: `PostgreSQL at postgres@database.example:5432/shop: ${message}`,
      hint: expect.stringMatching(hint) as string,
      retryable,
    });
    expect(JSON.stringify(error)).not.toContain('canary');
  });

  test('to the direct host of a project tells of the pooler', () => {
    const direct = { ...connection, host: 'db.abcdefghijklmnopqrst.supabase.co' };
    expect(connectionError(direct, failure('ENETUNREACH')).hint).toMatch(/is IPv6 only: set SUPABASE_DB_HOST/);
  });

  test('with an error that says all by itself stays as it is', () => {
    const error = new AppError('interrupted', 'Interrupted.', { hint: 'Again.' });
    expect(connectionError(connection, error)).toBe(error);
  });
});

test.each([
  ['57P03', true],
  ['ECONNRESET', true],
  ['28P01', false],
  [undefined, false],
])('%s: another try may do (%s)', (code, expected) => {
  expect(isTransient(failure(code))).toBe(expected);
});

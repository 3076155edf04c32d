import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ConnectionConfig } from '../../../src/config/project-config.ts';
import { tlsOptions } from '../../../src/tools/postgres/tls.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

function connect(sslMode: ConnectionConfig['sslMode'], changes: Partial<ConnectionConfig> = {}): ConnectionConfig {
  const place = { host: 'database.example', port: 5432, user: 'postgres', database: 'shop', password: undefined };
  return { ...place, sslMode, sslRootCertificate: undefined, ...changes };
}

test.each([
  ['disable', {}, false],
  ['require', { host: '/var/run/postgresql' }, false],
  ['prefer', {}, { rejectUnauthorized: false }],
  ['require', {}, { rejectUnauthorized: false }],
  ['verify-full', {}, {}],
] as const)('sslmode=%s with %j', async (mode, changes, expected) => {
  expect(await tlsOptions(connect(mode, changes))).toEqual(expected);
});

test('a certificate is verified against the authority that is named, and with verify-full the host as well', async () => {
  const sslRootCertificate = join(await createTemporaryDirectory(), 'ca.crt');
  await writeFile(sslRootCertificate, 'the certificate');
  expect(await tlsOptions(connect('verify-full', { sslRootCertificate }))).toEqual({ ca: 'the certificate' });
  const authorityAlone = await tlsOptions(connect('verify-ca', { sslRootCertificate }));
  expect(authorityAlone).toEqual({ ca: 'the certificate', checkServerIdentity: expect.any(Function) as unknown });
  expect((authorityAlone as { checkServerIdentity: () => unknown }).checkServerIdentity()).toBeUndefined();
});

test('a certificate that is not there is named', async () => {
  const sslRootCertificate = '/nonexistent/ca.crt';
  await expect(tlsOptions(connect('verify-full', { sslRootCertificate }))).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('The CA certificate /nonexistent/ca.crt cannot be read') as string,
  });
});

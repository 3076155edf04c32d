import { expect, test } from 'vitest';
import type { SslMode } from '../../../../src/config/project-config.ts';
import { judgeTls } from '../../../../src/pipeline/doctor/tls.ts';

const remote = 'db.example.com';

test.each<[string, SslMode, boolean, string, string]>([
  ['/run/postgresql', 'disable', false, 'ok', 'not needed'],
  ['127.0.0.1', 'disable', false, 'ok', 'not needed'],
  ['localhost', 'prefer', false, 'ok', 'not needed'],
  ['localhost.example.com', 'disable', false, 'warning', 'NOT encrypted'],
  [remote, 'verify-full', true, 'ok', 'verified'],
  // Behind a pooler the server tells of another connection.
  [remote, 'verify-full', false, 'ok', 'verified'],
  [remote, 'require', false, 'warning', 'the certificate is not verified'],
  [remote, 'verify-ca', true, 'warning', 'another host'],
  [remote, 'prefer', true, 'warning', 'the certificate is not verified'],
  [remote, 'prefer', false, 'warning', 'NOT encrypted'],
  [remote, 'disable', true, 'warning', 'NOT encrypted'],
])('%s with sslmode %s, encrypted %s: %s', (...[host, sslMode, encrypted, state, detail]) => {
  const finding = judgeTls({ host, sslMode }, encrypted);
  expect(finding).toMatchObject({ check: 'tls', state });
  expect(finding.detail).toContain(detail);
  expect(finding.remedy === undefined).toBe(state === 'ok');
});

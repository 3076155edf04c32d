import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConnectionUrl, type ConnectionUrl } from '../../../src/config/connection-url.ts';

const plain: ConnectionUrl = {
  host: 'db.example.com',
  port: 5432,
  user: 'postgres',
  database: 'postgres',
  password: undefined,
  sslMode: undefined,
  sslRootCertificate: undefined,
  ignoredParameters: [],
};

test.each<[string, Partial<ConnectionUrl>]>([
  ['postgresql://db.example.com', {}],
  ['postgres://db.example.com/', {}],
  ['POSTGRES://db.example.com:5433/app', { port: 5433, database: 'app' }],
  ['postgresql://me@db.example.com', { user: 'me' }],
  ['postgresql://me:@db.example.com', { user: 'me' }],
  ['postgresql://me:pw@db.example.com:/app', { user: 'me', password: 'pw', database: 'app' }],
  [
    'postgresql://me:pw@[2001:db8::1]:5433/app',
    { host: '2001:db8::1', port: 5433, user: 'me', password: 'pw', database: 'app' },
  ],
  ['postgresql://me:a%40b%2Fc@db.example.com/my%20app', { user: 'me', password: 'a@b/c', database: 'my app' }],
  ['postgresql://me@%2Fvar%2Frun%2Fpostgresql/app', { host: '/var/run/postgresql', user: 'me', database: 'app' }],
  ['postgresql:///app?host=/var/run/postgresql&port=5433', { host: '/var/run/postgresql', port: 5433, database: 'app' }],
  [
    'postgresql://?host=%2Ftmp&user=me&password=p%26w&dbname=app',
    { host: '/tmp', user: 'me', password: 'p&w', database: 'app' },
  ],
  ['postgresql://me@localhost:5544/app?host=/tmp/x', { host: '/tmp/x', port: 5544, user: 'me', database: 'app' }],
  [
    'postgresql://db.example.com/?sslmode=verify-full&sslrootcert=/etc/ca.crt',
    { sslMode: 'verify-full', sslRootCertificate: '/etc/ca.crt' },
  ],
  ['postgresql://db.example.com?sslmode=allow', { sslMode: 'prefer' }],
  [
    'postgresql://db.example.com/?pgbouncer=true&sslmode=require&connect_timeout=5',
    { sslMode: 'require', ignoredParameters: ['pgbouncer', 'connect_timeout'] },
  ],
])('%s', (text, expected) => {
  expect(parseConnectionUrl(text)).toEqual({ ...plain, ...expected });
});

describe('passwords that nobody has encoded', () => {
  test.each([
    'p@ss',
    'p@ss@',
    '@',
    'a:b',
    ':',
    'a/b',
    'a?b',
    'a#b',
    'a?b=c',
    '100%',
    '50%zz',
    'x@y/z',
    'x@y:1/z?a=b',
    '$HOME "q" \'s\' \\ `',
    'pässwörd 🐘',
    '[x]',
    'p&q=r',
  ])('%s', (password) => {
    const expected = { host: 'db.example.com', user: 'me', password, database: 'app', port: 6000 };
    expect(parseConnectionUrl(`postgresql://me:${password}@db.example.com:6000/app?sslmode=require`)).toMatchObject(expected);
    expect(parseConnectionUrl(`postgresql://me:${password}@db.example.com:6000/app`)).toMatchObject(expected);
  });

  test('an @ in a parameter does not begin the host', () => {
    expect(parseConnectionUrl('postgresql://me:p@ss@db.example.com/app?application_name=backup@home')).toMatchObject({
      host: 'db.example.com',
      password: 'p@ss',
      ignoredParameters: ['application_name'],
    });
  });

  test('any password without a percent sign or an equals sign', () => {
    const password = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[%=]/.test(text));
    const property = fc.property(password, (raw) => {
      expect(parseConnectionUrl(`postgresql://me:${raw}@db.example.com/app`)).toMatchObject({ user: 'me', password: raw });
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

test('what is encoded comes back as it was', () => {
  const part = fc.string({ unit: 'binary', minLength: 1 });
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constant('/var/run/postgresql'));
  const property = fc.property(
    part,
    part,
    part,
    fc.tuple(host, fc.integer({ min: 1, max: 65535 })),
    (user, password, database, at) => {
      const [name, port] = at;
      const written = name.includes(':') ? `[${name}]` : encodeURIComponent(name);
      const [u, p, d] = [user, password, database].map(encodeURIComponent);
      expect(parseConnectionUrl(`postgresql://${u}:${p}@${written}:${port}/${d}?sslmode=prefer`)).toEqual({
        ...plain,
        host: name,
        port,
        user,
        password,
        database,
        sslMode: 'prefer',
      });
    },
  );
  fc.assert(property, { numRuns: 2000 });
});

describe('what cannot be read', () => {
  test.each([
    ['mysql://me:hunter2@db.example.com', 'does not begin with postgresql://'],
    ['hunter2', 'does not begin with postgresql://'],
    ['postgresql://me:hunter2', 'has no host, port and database that can be read: USER:PASSWORD@HOST:5432/DATABASE'],
    ['postgresql://me:hunter2@a,b/app', 'has no host, port and database that can be read: USER:PASSWORD@HOST:5432/DATABASE'],
    ['postgresql://me:hunter2@/app', 'names no host; for a unix socket add ?host=/var/run/postgresql'],
    ['postgresql://me:hunter2@db.example.com:99999/app', 'has a port that is none'],
    ['postgresql://me:hunter2@db.example.com:0/app', 'has a port that is none'],
    ['postgresql://me@db.example.com?port=hunter2', 'has a port that is none'],
    [
      'postgresql://me:hunter2@db.example.com?sslmode=yes',
      'has an sslmode that is none: use disable, prefer, require, verify-ca, verify-full',
    ],
  ])('%s', (text, problem) => {
    expect(parseConnectionUrl(text)).toEqual({ problem });
  });

  test('is never quoted, since the password may stand anywhere in it', () => {
    const property = fc.property(fc.string({ unit: 'binary' }), (text) => {
      const result = parseConnectionUrl(`postgresql://hunter2${text}`);
      if ('problem' in result) expect(result.problem).not.toContain('hunter2');
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

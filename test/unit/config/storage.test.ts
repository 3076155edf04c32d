import { describe, expect, test } from 'vitest';
import { parseByteSize } from '../../../src/config/byte-size.ts';
import { createProblems } from '../../../src/config/problems.ts';
import type { ConnectionConfig } from '../../../src/config/project-config.ts';
import { parseProjectUrl } from '../../../src/config/project-url.ts';
import { findStorage } from '../../../src/config/storage.ts';

const reference = 'abcdefghijklmnopqrst';
const other = 'zzzzzzzzzzzzzzzzzzzz';
const now = new Date('2026-11-21T12:00:00Z');
const secretKey = 'sb_secret_hunter2';

function jwt(claims: object): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}.hunter2`;
}

function connectionTo(host: string, user = 'postgres'): ConnectionConfig {
  return {
    host,
    port: 5432,
    user,
    database: 'postgres',
    password: undefined,
    sslMode: 'require',
    sslRootCertificate: undefined,
  };
}

const plain = connectionTo('10.0.0.7');
const hosted = connectionTo(`db.${reference}.supabase.co`);

function find(values: Record<string, string>, database: ConnectionConfig | undefined = plain) {
  const problems = createProblems();
  const { storage, warnings } = findStorage(new Map(Object.entries(values)), { problems, prefix: '', now, database });
  const list = problems.list().map(({ name, text }) => `${name} ${text}`);
  expect(JSON.stringify([storage, warnings, list])).not.toContain('hunter2');
  return { url: storage?.url, key: storage?.key.reveal(), warnings, problems: list };
}

const found = { warnings: [], problems: [] };
const takeAnother = 'take the service_role key or a secret key (Supabase: Settings, API keys)';

describe('the key', () => {
  const url = { SUPABASE_URL: `https://${reference}.supabase.co` };
  const legacy = { iss: 'supabase', ref: reference, role: 'service_role', iat: 1_700_000_000, exp: 2_000_000_000 };

  test.each([
    ['a secret key', secretKey],
    ['a legacy key', jwt(legacy)],
    ['that of a project on this machine', jwt({ iss: 'supabase-demo', role: 'service_role', exp: 1_983_812_996 })],
    ['one that never ends', jwt({ role: 'service_role' })],
  ])('%s', (_what, key) => {
    expect(find({ ...url, SUPABASE_SERVICE_ROLE_KEY: key })).toMatchObject({ ...found, key });
    expect(find({ ...url, SUPABASE_SECRET_KEY: key })).toMatchObject({ ...found, key });
    expect(find({ ...url, SUPABASE_SERVICE_ROLE_KEY: key, SUPABASE_SECRET_KEY: key })).toMatchObject({ ...found, key });
  });

  test.each([
    ['sb_publishable_hunter2', `is a publishable key, which sees only what everybody sees: ${takeAnother}`],
    [jwt({ ...legacy, role: 'anon' }), `is the key of the role anon, which does not see everything: ${takeAnother}`],
    [jwt({ ...legacy, ref: other }), `is a key of another project than ${reference}: ${takeAnother}`],
    ['sbp_hunter2', `is neither a JWT nor a secret key (sb_secret_...): ${takeAnother}`],
    ['a.hunter2.c', `is neither a JWT nor a secret key (sb_secret_...): ${takeAnother}`],
    [`${secretKey}\nX-Header: 1`, `is neither a JWT nor a secret key (sb_secret_...): ${takeAnother}`],
    [jwt({ role: 7 }), `is neither a JWT nor a secret key (sb_secret_...): ${takeAnother}`],
  ])('%s is refused', (key, text) => {
    expect(find({ ...url, SUPABASE_SERVICE_ROLE_KEY: key }).problems).toEqual([`SUPABASE_SERVICE_ROLE_KEY ${text}`]);
    expect(find({ ...url, SUPABASE_SECRET_KEY: key }).problems).toEqual([`SUPABASE_SECRET_KEY ${text}`]);
  });

  test('that has expired is told, and leaves the database its backup', () => {
    const key = jwt({ ...legacy, exp: now.getTime() / 1000 });
    expect(find({ ...url, SUPABASE_SERVICE_ROLE_KEY: key })).toMatchObject({
      key,
      problems: [],
      warnings: [`SUPABASE_SERVICE_ROLE_KEY expired on 2026-11-21: ${takeAnother}`],
    });
  });

  test('under two names has to be the same', () => {
    const keys = { SUPABASE_SERVICE_ROLE_KEY: secretKey, SUPABASE_SECRET_KEY: `${secretKey}2` };
    expect(find({ ...url, ...keys }).problems).toEqual([
      'SUPABASE_SECRET_KEY is another key than SUPABASE_SERVICE_ROLE_KEY: keep one of them',
    ]);
  });

  test('may be missing: then there is no Storage', () => {
    expect(find({})).toEqual({ ...found, url: undefined, key: undefined });
    expect(find(url)).toMatchObject({
      url: undefined,
      problems: [],
      warnings: ['SUPABASE_URL is not used, because there is no SUPABASE_SERVICE_ROLE_KEY'],
    });
  });
});

describe('the project', () => {
  const key = { SUPABASE_SERVICE_ROLE_KEY: secretKey };
  const pooler = connectionTo('aws-0-eu-central-1.pooler.supabase.com', `postgres.${reference}`);

  test.each([
    [{ SUPABASE_PROJECT_REF: reference }, plain],
    [{}, hosted],
    [{}, pooler],
    [{ SUPABASE_PROJECT_REF: other }, pooler],
    [{ SUPABASE_URL: `https://${reference}.supabase.co/` }, plain],
  ])('is known from %j and the database', (values, database) => {
    expect(find({ ...key, ...values }, database)).toMatchObject({ ...found, url: `https://${reference}.supabase.co` });
  });

  test('may have a domain of its own', () => {
    expect(find({ ...key, SUPABASE_URL: 'https://api.example.com/base/' }, hosted)).toMatchObject({
      ...found,
      url: 'https://api.example.com/base',
    });
  });

  test('has to be known', () => {
    expect(find(key).problems).toEqual(['SUPABASE_URL is missing, and Storage needs it: set it, or SUPABASE_PROJECT_REF']);
  });

  test('has to be that of the database', () => {
    const problems = [`SUPABASE_URL is not that of the project ${reference}, which the database belongs to`];
    expect(find({ ...key, SUPABASE_URL: `https://${other}.supabase.co` }, hosted).problems).toEqual(problems);
  });

  test.each(['http://localhost:54321', 'http://127.0.0.1:54321', 'http://[::1]:8000'])('on this machine: %s', (url) => {
    expect(find({ ...key, SUPABASE_URL: url })).toMatchObject({ ...found, url });
  });

  test.each([
    'http://10.0.0.7:8000',
    'http://172.31.0.1',
    'http://192.168.1.2',
    'http://kong:8000',
    'http://nas.local',
    'http://[fd00::1]',
  ])('in a network of its own, with a warning: %s', (url) => {
    expect(find({ ...key, SUPABASE_URL: url })).toMatchObject({
      url,
      problems: [],
      warnings: ['SUPABASE_URL begins with http://: the key and all objects cross the network as they are'],
    });
  });

  test.each([
    ['http://api.example.com', 'begins with http://'],
    ['http://172.32.0.1', 'begins with http://'],
    ['http://10.example.com', 'begins with http://'],
    ['http://[2001:db8::1]', 'begins with http://'],
    ['https://me:hunter2@example.com', 'holds a user or password'],
    ['https://example.com/?apikey=hunter2', 'goes on with ? or #'],
    [`https://supabase.com/dashboard/project/${reference}`, 'is that of the dashboard'],
    [`https://${reference}.supabase.co/storage/v1`, 'names one of the APIs'],
    [`https://${reference}.supabase.co/rest/v1/`, 'names one of the APIs'],
    ['postgresql://me:hunter2@example.com/app', 'is no URL of a project'],
    [`${reference}.supabase.co`, 'is no URL of a project'],
  ])('%s cannot be used: it %s', (url, text) => {
    expect(find({ ...key, SUPABASE_URL: url }).problems).toEqual([expect.stringContaining(`SUPABASE_URL ${text}`)]);
    expect(parseProjectUrl(url)).toEqual({ problem: expect.stringContaining(text) as string });
  });
});

test.each([
  ['1', 1],
  ['1048576', 1_048_576],
  ['500MB', 500_000_000],
  ['10GB', 10_000_000_000],
  ['10 gb', 10_000_000_000],
  ['1.5G', 1_500_000_000],
  ['2GiB', 2_147_483_648],
  ['3KiB', 3072],
  ['1TB', 1_000_000_000_000],
  ['100B', 100],
  ['0', undefined],
  ['0.1B', undefined],
  ['-1', undefined],
  ['10 gigs', undefined],
  ['GB', undefined],
  ['iB', undefined],
  ['1e9', undefined],
  ['999999999999999TiB', undefined],
])('%s are %s bytes', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

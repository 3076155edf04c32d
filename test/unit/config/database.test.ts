import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const reference = 'abcdefghijklmnopqrst';
const pooler = 'aws-0-eu-central-1.pooler.supabase.com';

let directory: string;

beforeEach(async () => {
  directory = await createTemporaryDirectory();
});

async function load(
  variables: Record<string, string>,
  askPassword?: (prompt: string) => Promise<string>,
): Promise<LoadedConfig> {
  return loadConfig({
    environment: { PROJECT_NAME: 'shop', BORG_REPO: '/srv/shop', BORG_PASSPHRASE: 'secret', ...variables },
    workingDirectory: directory,
    homeDirectory: '/home/me',
    isRoot: false,
    askPassword,
  });
}

describe('a hosted project by its reference', () => {
  const hosted = { SUPABASE_PROJECT_REF: reference, SUPABASE_DB_PASSWORD: 'p@ss/w#rd' };
  const direct = { host: `db.${reference}.supabase.co`, port: 5432, user: 'postgres', database: 'postgres' };

  test('directly', async () => {
    const { database } = (await load(hosted)).config;
    expect(database).toMatchObject({ ...direct, sslMode: 'require', sslRootCertificate: undefined });
    expect(database?.password?.reveal()).toBe('p@ss/w#rd');
  });

  test('through the session pooler', async () => {
    const { database } = (await load({ ...hosted, SUPABASE_DB_HOST: pooler })).config;
    expect(database).toMatchObject({ host: pooler, port: 5432, user: `postgres.${reference}`, database: 'postgres' });
  });

  test('by its direct host, written out', async () => {
    expect((await load({ ...hosted, SUPABASE_DB_HOST: direct.host })).config.database).toMatchObject(direct);
  });

  test('with a CA certificate', async () => {
    await writeFile(join(directory, 'ca.crt'), '');
    const { database } = (await load({ ...hosted, SUPABASE_DB_CA_FILE: 'ca.crt' })).config;
    expect(database).toMatchObject({ sslMode: 'verify-full', sslRootCertificate: join(directory, 'ca.crt') });
  });

  test('with a CA certificate that is not there', async () => {
    await expect(load({ ...hosted, SUPABASE_DB_CA_FILE: 'ca.crt' })).rejects.toThrow(
      'SUPABASE_DB_CA_FILE names a file that cannot be read',
    );
  });

  test('with an empty reference is missing', async () => {
    await expect(load({ SUPABASE_PROJECT_REF: '' })).rejects.toThrow('SUPABASE_DB_URL is missing');
  });
});

describe('TLS of a connection string', () => {
  test.each([
    ['postgresql://me:pw@db.example.com/app', 'prefer'],
    ['postgresql://me:pw@db.example.com/app?sslmode=disable', 'disable'],
    [`postgresql://postgres:pw@db.${reference}.supabase.co/postgres`, 'require'],
    [`postgresql://postgres.${reference}:pw@${pooler}/postgres`, 'require'],
    ['postgresql://me@%2Fvar%2Frun/app', 'disable'],
    ['postgresql://me:pw@db.example.com/app?sslrootcert=/etc/ca.crt', 'verify-full'],
    ['postgresql://me:pw@db.example.com/app?sslrootcert=/etc/ca.crt&sslmode=verify-ca', 'verify-ca'],
  ])('%s: %s', async (url, sslMode) => {
    expect((await load({ SUPABASE_DB_URL: url })).config.database?.sslMode).toBe(sslMode);
  });

  test('a CA file makes it verify-full', async () => {
    await writeFile(join(directory, 'ca.crt'), '');
    const { database } = (await load({ SUPABASE_DB_URL: 'postgresql://me:pw@h/app', SUPABASE_DB_CA_FILE: 'ca.crt' })).config;
    expect(database).toMatchObject({ sslMode: 'verify-full', sslRootCertificate: join(directory, 'ca.crt') });
  });
});

describe('a connection string that cannot work is refused', () => {
  test.each([
    ['postgresql://me:hunter2@db.example.com:6543/app', 'SUPABASE_DB_URL names the transaction pooler (port 6543)'],
    [`postgresql://postgres:hunter2@${pooler}/postgres`, 'but the pooler needs postgres.REF'],
    ['postgresql://me:hunter2@h/app?sslrootcert=ca.crt', 'has an sslrootcert that is no absolute path'],
    ['http://me:hunter2@h/app', 'SUPABASE_DB_URL does not begin with postgresql://'],
  ])('%s', async (url, message) => {
    const promise = load({ SUPABASE_DB_URL: url });
    await expect(promise).rejects.toThrow(message);
    await expect(promise).rejects.not.toThrow('hunter2');
  });
});

describe('what is not used is warned of', () => {
  const url = `postgresql://postgres:pw@db.${reference}.supabase.co/postgres`;

  test.each([
    [{ SUPABASE_DB_PASSWORD: 'other' }, ['SUPABASE_DB_PASSWORD is not used for the database, because SUPABASE_DB_URL is set']],
    [{ SUPABASE_DB_HOST: pooler }, ['SUPABASE_DB_HOST is not used for the database, because SUPABASE_DB_URL is set']],
    [
      { SUPABASE_PROJECT_REF: 'z'.repeat(20) },
      ['SUPABASE_PROJECT_REF is not used for the database, because SUPABASE_DB_URL is set'],
    ],
    [{ SUPABASE_PROJECT_REF: reference }, []],
  ])('%j', async (variables, warnings) => {
    expect((await load({ SUPABASE_DB_URL: url, ...variables })).warnings).toEqual(warnings);
  });

  test('parameters', async () => {
    expect((await load({ SUPABASE_DB_URL: `${url}?pgbouncer=true` })).warnings).toEqual([
      'SUPABASE_DB_URL has parameters that are not used: pgbouncer',
    ]);
  });
});

describe('a missing password', () => {
  const asking = (answer: string) => {
    const prompts: string[] = [];
    return {
      prompts,
      ask: async (prompt: string) => {
        prompts.push(prompt);
        return Promise.resolve(answer);
      },
    };
  };

  test('of a hosted project is asked for on a terminal', async () => {
    const { ask, prompts } = asking('typed');
    const { config, described } = await load({ SUPABASE_PROJECT_REF: reference }, ask);
    expect(prompts).toEqual([`Password of postgres on db.${reference}.supabase.co: `]);
    expect(config.database?.password?.reveal()).toBe('typed');
    expect(described).toContainEqual({ name: 'SUPABASE_DB_PASSWORD', value: '***', source: 'asked' });
  });

  test('of a hosted project is an error without a terminal, and without an answer', async () => {
    const missing = 'SUPABASE_DB_PASSWORD is missing, and there is no terminal to ask for it.';
    await expect(load({ SUPABASE_PROJECT_REF: reference })).rejects.toThrow(missing);
    await expect(load({ SUPABASE_DB_URL: `postgresql://db.${reference}.supabase.co` })).rejects.toThrow(missing);
    await expect(load({ SUPABASE_PROJECT_REF: reference }, asking('').ask)).rejects.toThrow('There is no database password');
  });

  test('of another server may be meant', async () => {
    const variables = { SUPABASE_DB_URL: 'postgresql://me@db.example.com/app' };
    expect((await load(variables)).config.database?.password).toBeUndefined();
    expect((await load(variables, asking('').ask)).config.database?.password).toBeUndefined();
    expect((await load(variables, asking('typed').ask)).config.database?.password?.reveal()).toBe('typed');
  });

  test.each(['localhost', '127.0.0.1', '[::1]', '%2Fvar%2Frun%2Fpostgresql'])(
    'on this machine (%s) is not asked for',
    async (host) => {
      const { ask, prompts } = asking('typed');
      expect((await load({ SUPABASE_DB_URL: `postgresql://me@${host}/app` }, ask)).config.database?.password).toBeUndefined();
      expect(prompts).toEqual([]);
    },
  );

  test('of a connection string may stand in a variable of its own', async () => {
    const { config, warnings } = await load({
      SUPABASE_DB_URL: 'postgresql://me@db.example.com/app',
      SUPABASE_DB_PASSWORD: 'p%40ss',
    });
    expect(config.database?.password?.reveal()).toBe('p%40ss');
    expect(warnings).toEqual([]);
  });

  test('is not asked for while something else is wrong', async () => {
    const { ask, prompts } = asking('typed');
    await expect(load({ SUPABASE_PROJECT_REF: reference, BORG_REPO: 'x' }, ask)).rejects.toThrow(
      'BORG_REPO is a relative path',
    );
    expect(prompts).toEqual([]);
  });
});

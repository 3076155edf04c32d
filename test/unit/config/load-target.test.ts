import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadTarget, type LoadedTarget } from '../../../src/config/load.ts';
import type { LoadOptions } from '../../../src/config/open.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

let directory: string;

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  await mkdir(join(directory, 'etc'));
});

async function load(name: string, options: Partial<LoadOptions> = {}): Promise<LoadedTarget> {
  return loadTarget(name, {
    environment: {},
    workingDirectory: directory,
    homeDirectory: '/home/me',
    isRoot: false,
    projectsDirectory: join(directory, 'etc'),
    ...options,
  });
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(join(directory, path), text, { mode: 0o600 });
}

describe('test: the TEST_ block of the env file', () => {
  test('needs nothing but a database', async () => {
    await write('.env', "TEST_SUPABASE_DB_URL='postgresql://me:p#w@localhost:5433/restored'\nBORG_REPO=relative\n");
    const target = await load('test');
    expect(target).toMatchObject({
      project: 'test',
      envFile: join(directory, '.env'),
      database: { host: 'localhost', port: 5433, user: 'me', database: 'restored' },
      restoreAllowed: false,
      warnings: [],
    });
    expect(target.database?.password?.reveal()).toBe('p#w');
  });

  test('can hold all that a target has', async () => {
    await write('ca.crt', '');
    await write(
      '.env',
      [
        'TEST_PROJECT_NAME=staging',
        'TEST_SUPABASE_PROJECT_REF=abcdefghijklmnopqrst',
        'TEST_SUPABASE_DB_PASSWORD_COMMAND="echo secret"',
        'TEST_SUPABASE_DB_HOST=pooler.example.com',
        'TEST_SUPABASE_DB_CA_FILE=ca.crt',
        'TEST_RESTORE_ALLOWED=true',
        'SUPABASE_PROJECT_REF=zzzzzzzzzzzzzzzzzzzz',
        'SUPABASE_DB_PASSWORD=other',
      ].join('\n'),
    );
    const target = await load('test');
    expect(target).toMatchObject({
      project: 'staging',
      database: {
        host: 'pooler.example.com',
        user: 'postgres.abcdefghijklmnopqrst',
        sslMode: 'verify-full',
        sslRootCertificate: join(directory, 'ca.crt'),
      },
      restoreAllowed: true,
    });
    expect(target.database?.password?.reveal()).toBe('secret');
  });

  test('has a Storage of its own', async () => {
    const lines = [
      'TEST_SUPABASE_PROJECT_REF=abcdefghijklmnopqrst',
      'TEST_SUPABASE_DB_PASSWORD=other',
      'TEST_SUPABASE_SECRET_KEY_COMMAND="echo sb_secret_1"',
      'SUPABASE_URL=https://zzzzzzzzzzzzzzzzzzzz.supabase.co',
      'SUPABASE_SERVICE_ROLE_KEY=sb_secret_2',
    ];
    await write('.env', lines.join('\n'));
    const { storage } = await load('test');
    expect(storage?.url).toBe('https://abcdefghijklmnopqrst.supabase.co');
    expect(storage?.key.reveal()).toBe('sb_secret_1');
    await write('.env', [...lines, 'TEST_SUPABASE_SERVICE_ROLE_KEY=sb_publishable_1'].join('\n'));
    await expect(load('test')).rejects.toThrow(
      /TEST_SUPABASE_SERVICE_ROLE_KEY is a publishable key.*\n  TEST_SUPABASE_SECRET_KEY is another key than TEST_SUPABASE_SERVICE_ROLE_KEY/,
    );
  });

  test('has no Storage without a key of its own', async () => {
    await write('.env', 'TEST_SUPABASE_DB_URL=postgresql://me@localhost/restored\nSUPABASE_SECRET_KEY=sb_secret_2\n');
    expect(await load('test')).toMatchObject({ storage: undefined, warnings: [] });
  });

  test('RESTORE_ALLOWED of the source is not its own', async () => {
    await write('.env', 'RESTORE_ALLOWED=true\nTEST_SUPABASE_DB_URL=postgresql://me@localhost/restored\n');
    expect((await load('test')).restoreAllowed).toBe(false);
  });

  test('says what is wrong by the names of its variables', async () => {
    await write('.env', 'PROJECT_NAME=shop\nSUPABASE_DB_URL=postgresql://me@localhost/app\nTEST_RESTORE_ALLOWED=yes\n');
    await expect(load('test')).rejects.toMatchObject({
      code: 'configuration',
      message: [
        `The configuration (${join(directory, '.env')}, as a target) cannot be used. Nothing was started.`,
        '  TEST_SUPABASE_DB_URL is missing: set it, or TEST_SUPABASE_PROJECT_REF and TEST_SUPABASE_DB_PASSWORD instead.',
        '  TEST_RESTORE_ALLOWED has to be true or false.',
      ].join('\n'),
    });
    await write('.env', 'TEST_SUPABASE_PROJECT_REF=abcdefghijklmnopqrst\n');
    await expect(load('test')).rejects.toThrow('TEST_SUPABASE_DB_PASSWORD is missing');
  });

  test('can come from the environment', async () => {
    const environment = { TEST_SUPABASE_DB_URL: 'postgresql://me@localhost/restored' };
    expect(await load('test', { environment })).toMatchObject({ project: 'test', envFile: undefined });
  });

  test('is that of the project which was named', async () => {
    await write('etc/shop.env', 'TEST_SUPABASE_DB_URL=postgresql://me@localhost/of_shop\n');
    await write('.env', 'TEST_SUPABASE_DB_URL=postgresql://me@localhost/of_other\n');
    expect((await load('test', { project: 'shop' })).database?.database).toBe('of_shop');
  });
});

describe('another project', () => {
  const text = 'PROJECT_NAME=staging\nSUPABASE_DB_URL=postgresql://me@localhost/staging\nRESTORE_ALLOWED=true\n';
  const expected = { project: 'staging', database: { database: 'staging' }, restoreAllowed: true };

  test('by the name of its file', async () => {
    await write('etc/staging.env', text);
    expect(await load('staging')).toMatchObject({ ...expected, envFile: join(directory, 'etc/staging.env') });
  });

  test.each(['staging.env', './staging.env', 'sub/../staging.env'])('by the path of its file (%s)', async (path) => {
    await write('staging.env', text);
    expect(await load(path)).toMatchObject({ ...expected, envFile: join(directory, 'staging.env') });
  });

  test('has to be right about itself only: how it is backed up does not matter', async () => {
    await write('staging.env', `${text}BORG_REPO=relative\nBORG_PASSPHRASE=a#b\nRETENTION_DAYS=x\n`);
    const target = await load('staging.env');
    expect(target).toMatchObject(expected);
    expect(target.warnings).toEqual([expect.stringContaining('BORG_PASSPHRASE holds a #')]);
  });

  test('does not take anything from the environment, which speaks of the source', async () => {
    await write('staging.env', 'PROJECT_NAME=staging\n');
    const environment = { SUPABASE_DB_URL: 'postgresql://me@localhost/production', RESTORE_ALLOWED: 'true' };
    await expect(load('staging.env', { environment })).rejects.toThrow('SUPABASE_DB_URL is missing');
  });

  test('has to be there and to have a name', async () => {
    await expect(load('staging')).rejects.toMatchObject({ code: 'configuration' });
    await expect(load('a b')).rejects.toMatchObject({ code: 'usage' });
    await write('staging.env', 'SUPABASE_DB_URL=postgresql://me@localhost/staging\n');
    await expect(load('staging.env')).rejects.toThrow('PROJECT_NAME is missing');
  });
});

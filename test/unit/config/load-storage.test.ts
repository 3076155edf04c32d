import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const minimal = {
  PROJECT_NAME: 'shop',
  SUPABASE_DB_URL: 'postgresql://me:hunter2@db.example.com/app',
  BORG_REPO: '/srv/backups/shop',
  BORG_PASSPHRASE: 'hunter2',
};

async function load(values: Record<string, string>): Promise<LoadedConfig> {
  const directory = await createTemporaryDirectory();
  const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(directory, '.env'), lines.join(''), { mode: 0o600 });
  return loadConfig({ environment: {}, workingDirectory: directory, homeDirectory: '/home/me', isRoot: false });
}

test('has defaults, and no limit', async () => {
  const { config } = await load({
    ...minimal,
    SUPABASE_URL: 'https://a.example.com/',
    SUPABASE_SECRET_KEY: 'sb_secret_1',
  });
  expect(config.storage).toMatchObject({
    url: 'https://a.example.com',
    concurrency: 16,
    buckets: [],
    exclude: [],
    maxEgressBytes: undefined,
  });
  expect(config.storage?.key.reveal()).toBe('sb_secret_1');
  expect(JSON.stringify(config)).not.toContain('sb_secret_1');
});

test('can be narrowed', async () => {
  const { config } = await load({
    ...minimal,
    SUPABASE_PROJECT_REF: 'abcdefghijklmnopqrst',
    SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_1',
    STORAGE_CONCURRENCY: '4',
    STORAGE_RETRIES: '0',
    STORAGE_BUCKETS: 'avatars, videos/{raw,cut}/**',
    STORAGE_EXCLUDE: '**/*.tmp',
    STORAGE_MAX_EGRESS: '1.5GB',
  });
  expect(config.storage).toMatchObject({
    url: 'https://abcdefghijklmnopqrst.supabase.co',
    concurrency: 4,
    buckets: ['avatars', 'videos/{raw,cut}/**'],
    exclude: ['**/*.tmp'],
    maxEgressBytes: 1_500_000_000,
  });
  expect(config.storageRetries).toBe(0);
});

test.each([
  ['STORAGE_CONCURRENCY', '0', 'has to be at least 1.'],
  ['STORAGE_CONCURRENCY', '257', 'has to be at most 256.'],
  ['STORAGE_RETRIES', '11', 'has to be at most 10.'],
  [
    'STORAGE_BUCKETS',
    'a,!b',
    'holds a pattern that begins with !, which means nothing here: name what is not wanted in STORAGE_EXCLUDE.',
  ],
  ['STORAGE_EXCLUDE', '/a', 'holds a pattern that begins with /: a bucket stands first, as in avatars/small/**.'],
  ['STORAGE_MAX_EGRESS', '10 gigs', 'has to be a number of bytes greater than zero, such as 10GB, 500MB or 2GiB.'],
  [
    'SUPABASE_SECRET_KEY',
    'hunter2',
    'is neither a JWT nor a secret key (sb_secret_...): take the service_role key or a secret key (Supabase: Settings, API keys).',
  ],
])('%s=%s %s', async (name, value, text) => {
  const error: unknown = await load({ ...minimal, SUPABASE_URL: 'https://a.example.com', [name]: value }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'configuration' });
  expect((error as Error).message.split('\n  ').slice(1)).toEqual([`${name} ${text}`]);
});

const hosted = 'https://abcdefghijklmnopqrst.supabase.co';
const key = { SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_1' };
const { SUPABASE_DB_URL: _, ...withoutDatabase } = minimal;
const reference = { SUPABASE_PROJECT_REF: 'abcdefghijklmnopqrst' };

test.each([{ SUPABASE_URL: hosted }, { SUPABASE_URL: hosted, SUPABASE_DB_URL: '' }])(
  'may be all that a project is: %j',
  async (variables) => {
    const loaded = await load({ ...withoutDatabase, ...key, ...variables });
    expect(loaded.config.database).toBeUndefined();
    expect(loaded.config.storage?.url).toBe(hosted);
    expect(loaded.warnings).toEqual([]);
    expect(loaded.described.map(({ name }) => name)).not.toContain('SUPABASE_DB_URL');
  },
);

test.each([
  [
    { SUPABASE_URL: hosted },
    [
      'SUPABASE_DB_URL is missing: set it, or SUPABASE_PROJECT_REF and SUPABASE_DB_PASSWORD instead; or, for Storage alone, SUPABASE_SERVICE_ROLE_KEY.',
    ],
  ],
  [
    key,
    [
      'SUPABASE_DB_URL is missing: set it, or SUPABASE_PROJECT_REF and SUPABASE_DB_PASSWORD instead.',
      'SUPABASE_URL is missing, and Storage needs it: set it, or SUPABASE_PROJECT_REF.',
    ],
  ],
  [{ ...key, ...reference }, ['SUPABASE_DB_PASSWORD is missing, and there is no terminal to ask for it.']],
  [
    { ...key, SUPABASE_URL: 'https://zzzzzzzzzzzzzzzzzzzz.supabase.co', ...reference },
    [
      'SUPABASE_DB_PASSWORD is missing, and there is no terminal to ask for it.',
      'SUPABASE_URL is not that of the project abcdefghijklmnopqrst, which the database belongs to.',
    ],
  ],
  [
    { ...key, SUPABASE_URL: hosted, SUPABASE_DB_HOST: 'db.example.com' },
    ['SUPABASE_DB_URL is missing: set it, or SUPABASE_PROJECT_REF and SUPABASE_DB_PASSWORD instead.'],
  ],
  [
    { ...key, SUPABASE_PROJECT_REF: 'short' },
    ['SUPABASE_PROJECT_REF is not the reference of a project: take the 20 letters of its URL, https://REF.supabase.co.'],
  ],
])('is not all that a project is with %j', async (variables, problems) => {
  const error: unknown = await load({ ...withoutDatabase, ...variables }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'configuration' });
  expect(
    (error as Error).message
      .split('\n  ')
      .slice(1)
      .filter((line) => !line.startsWith('Besides')),
  ).toEqual(problems);
});

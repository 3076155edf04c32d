import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../../src/config/load.ts';
import type { LoadOptions } from '../../../src/config/open.ts';
import { createTemporaryDirectory } from '../../helpers/temporary-directory.ts';

const minimal = {
  PROJECT_NAME: 'shop',
  SUPABASE_DB_URL: 'postgresql://me:hunter2@db.example.com/app',
  BORG_REPO: '/srv/backups/shop',
  BORG_PASSPHRASE: 'hunter2',
};

/** Loads an env file with a file `secret` beside it. */
async function load(values: Record<string, string>, options: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  const directory = await createTemporaryDirectory();
  await writeFile(join(directory, 'secret'), 'hunter2', { mode: 0o600 });
  const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(directory, '.env'), lines.join(''), { mode: 0o600 });
  return loadConfig({ environment: {}, workingDirectory: directory, homeDirectory: '/home/me', isRoot: false, ...options });
}

const show = ({ described }: LoadedConfig): string[] =>
  described.map(({ name, value, source }) => `${name}=${value} (${source})`);

test('every value that counts, where it comes from, and no secret', async () => {
  const loaded = await load(
    {
      PROJECT_NAME: 'shop',
      SUPABASE_DB_URL: 'postgresql://me:hunter2@db.example.com:5433/app?sslmode=require',
      BORG_REPO: '/srv/backups/shop',
      BORG_PASSPHRASE_FILE: 'secret',
      TEST_SUPABASE_DB_URL: 'postgresql://me:hunter2@localhost/test',
      TEST_SUPABASE_DB_PASSWORD: 'hunter2',
    },
    { environment: { RETENTION_DAYS: '7' } },
  );
  expect(show(loaded)).toEqual([
    'PROJECT_NAME=shop (file)',
    'SUPABASE_DB_URL=postgresql://me:***@db.example.com:5433/app?sslmode=require (file)',
    'STORAGE_CONCURRENCY=16 (default)',
    'STORAGE_RETRIES=5 (default)',
    'BORG_REPO=/srv/backups/shop (file)',
    'BORG_PASSPHRASE=*** (BORG_PASSPHRASE_FILE)',
    'BORG_LOCK_WAIT=30s (default)',
    'VERIFY_CONTENT=false (default)',
    'MIGRATION_DRIFT=auto (default)',
    'RETENTION_DAYS=7 (environment)',
    'RETENTION_MIN_BACKUPS=3 (default)',
    'RETENTION_DAILY=0 (default)',
    'RETENTION_WEEKLY=0 (default)',
    'RETENTION_MONTHLY=0 (default)',
    'BACKUP_SCHEDULE=daily (default)',
    'STORAGE_SCHEDULE=off (default)',
    'VERIFY_SCHEDULE=weekly (default)',
    'DRILL_SCHEDULE=off (default)',
    'RETRY_DELAY=10m (default)',
    'RETRY_LIMIT=3 (default)',
    'STATE_DIR=/home/me/.local/state/supabase-backup (default)',
    'STALL_LIMIT=30m (default)',
    'RUN_LIMIT=22h (default)',
    'NOTIFY_ON=failure,incomplete,recovered,late (default)',
    'LOG_FORMAT=auto (default)',
    'RESTORE_ALLOWED=false (default)',
    'TEST_PROJECT_NAME=test (default)',
    'TEST_SUPABASE_DB_URL=postgresql://me:***@localhost:5432/test (file)',
    'TEST_SUPABASE_DB_PASSWORD=*** (file)',
    'TEST_RESTORE_ALLOWED=false (default)',
  ]);
});

test('a test target that cannot be read is hidden altogether', async () => {
  const loaded = await load({ ...minimal, TEST_SUPABASE_DB_URL: 'hunter2' });
  expect(show(loaded)).toContain('TEST_SUPABASE_DB_URL=*** (file)');
});

test('the keys of Storage are hidden, and the URL that follows from the database is told', async () => {
  const loaded = await load({
    ...minimal,
    SUPABASE_DB_URL: 'postgresql://postgres:hunter2@db.abcdefghijklmnopqrst.supabase.co/postgres',
    SUPABASE_SECRET_KEY: 'sb_secret_hunter2',
    TEST_SUPABASE_SERVICE_ROLE_KEY: 'hunter2',
    TEST_SUPABASE_URL: 'https://me:hunter2@example.com',
    STORAGE_EXCLUDE: 'cache',
  });
  const lines = show(loaded);
  expect(lines).toEqual(
    expect.arrayContaining([
      'SUPABASE_SECRET_KEY=*** (file)',
      'SUPABASE_URL=https://abcdefghijklmnopqrst.supabase.co (default)',
      'STORAGE_EXCLUDE=cache (file)',
      'TEST_SUPABASE_SERVICE_ROLE_KEY=*** (file)',
      'TEST_SUPABASE_URL=*** (file)',
    ]),
  );
  expect(JSON.stringify(loaded)).not.toContain('hunter2');
});

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startPlatformCluster, type PlatformCluster } from './platform.ts';

/** The extension itself, or test/fixtures/cron.sql. */
export type CronKind = 'pg_cron' | 'stand-in';

/** Whether pg_cron is on this machine: a package of its own, which the tests do not ask for. */
export const hasPgCron = existsSync(join(inject('cluster').binDirectory, '../lib/pg_cron.so'));

/** The real one wherever there is one. */
const bestCron: CronKind = hasPgCron ? 'pg_cron' : 'stand-in';

/** An empty hosted project with pg_cron enabled, and with the rights that the platform gives on it; no job ever runs. */
export async function startCronPlatform(kind: CronKind = bestCron): Promise<PlatformCluster> {
  const real = { shared_preload_libraries: "'pg_cron'", 'cron.launch_active_jobs': 'off' };
  const cluster = await startPlatformCluster({ settings: kind === 'pg_cron' ? real : {} });
  const file = new URL('../fixtures/cron.sql', import.meta.url);
  await cluster.administrator.query(kind === 'pg_cron' ? 'CREATE EXTENSION pg_cron' : await readFile(file, 'utf8'));
  // https://github.com/supabase/postgres: ansible/files/postgresql_extension_custom_scripts/pg_cron/after-create.sql
  await cluster.administrator.query(`
    GRANT USAGE ON SCHEMA cron TO postgres WITH GRANT OPTION;
    GRANT ALL ON ALL FUNCTIONS IN SCHEMA cron TO postgres WITH GRANT OPTION;
    GRANT SELECT ON cron.job TO postgres WITH GRANT OPTION`);
  return cluster;
}

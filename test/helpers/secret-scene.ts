import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Secret } from '../../src/config/project-config.ts';
import { variableList, type VariableName } from '../../src/config/variables.ts';
import { createTestRepository, type TestRepository } from './borg.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { emptyStorage } from './empty-storage.ts';
import { startHttpServer } from './http-server.ts';
import { formatUrl } from './project.ts';
import type { Canaries } from './secret-watch.ts';
import { startSmtpServer } from './smtp-server.ts';
import { startStorageServer, type StorageServer } from './storage-server/server.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';
import { startTestCluster } from './test-cluster.ts';

/** A project all of whose secrets are known, each in a form of its own. */
export interface SecretScene {
  readonly repository: TestRepository;
  readonly storage: StorageServer;
  /** The directory of the env files, of the log, the metrics and the state. */
  readonly directory: string;
  readonly canaries: Canaries;
  /** By what they have besides: URLs with a password and keys of service_role, or the other variables for the same. */
  readonly envFiles: { readonly urls: string; readonly passwords: string };
  /** Bodies of alerts that have arrived so far. */
  bodies(): readonly string[];
  /** Writes an env file that differs from `urls` in these variables. */
  change(name: string, variables: Partial<Record<VariableName, string>>): Promise<string>;
}

export async function createSecretScene(): Promise<SecretScene> {
  const directory = await createTemporaryDirectory();
  await mkdir(join(directory, 'state'), { mode: 0o700 });
  const { address: cluster } = await startTestCluster();
  const source = await createTestDatabase({ cluster, template: 'supabase' });
  const target = await createTestDatabase({ cluster, template: 'supabase' });
  for (const database of [source, target]) await database.query(emptyStorage);
  const storage = await startStorageServer({ database: source.config });
  const targetStorage = await startStorageServer({ database: target.config });
  const repository = { ...(await createTestRepository()), passphrase: 'canary-of-the-repository' };
  const { bodies, variables: alerts } = await startReceivers();
  const common = {
    PROJECT_NAME: 'shop',
    SUPABASE_URL: storage.url,
    BORG_REPO: repository.location,
    BORG_PASSPHRASE: repository.passphrase,
    STATE_DIR: join(directory, 'state'),
    METRICS_FILE: join(directory, 'shop.prom'),
    LOG_FILE: join(directory, 'log/agent.log'),
    TEST_PROJECT_NAME: 'shop-test',
    TEST_RESTORE_ALLOWED: 'true',
    TEST_SUPABASE_URL: targetStorage.url,
    ...alerts,
  };
  const login = (database: TestDatabase, user: string, password?: string): string =>
    formatUrl({ ...database.config, user, password: password === undefined ? undefined : new Secret(password) }).replace(
      ':@',
      '@',
    );
  const passwords = {
    SUPABASE_DB_URL: 'canary-of-the-source',
    SUPABASE_DB_PASSWORD: 'canary-beside-the-source',
    TEST_SUPABASE_DB_URL: 'canary-of-the-target',
    TEST_SUPABASE_DB_PASSWORD: 'canary-beside-the-target',
  };
  for (const [role, password] of Object.entries(passwords))
    await source.query(`CREATE ROLE "${role.toLowerCase()}" SUPERUSER LOGIN PASSWORD '${password}'`);
  const urls = {
    ...common,
    SUPABASE_DB_URL: login(source, 'supabase_db_url', passwords.SUPABASE_DB_URL),
    SUPABASE_SERVICE_ROLE_KEY: storage.serviceKey,
    TEST_SUPABASE_DB_URL: login(target, 'test_supabase_db_url', passwords.TEST_SUPABASE_DB_URL),
    TEST_SUPABASE_SERVICE_ROLE_KEY: targetStorage.serviceKey,
  };
  const others = {
    ...common,
    SUPABASE_DB_URL: login(source, 'supabase_db_password'),
    SUPABASE_DB_PASSWORD: passwords.SUPABASE_DB_PASSWORD,
    SUPABASE_SECRET_KEY: storage.secretKey,
    TEST_SUPABASE_DB_URL: login(target, 'test_supabase_db_password'),
    TEST_SUPABASE_DB_PASSWORD: passwords.TEST_SUPABASE_DB_PASSWORD,
    TEST_SUPABASE_SECRET_KEY: targetStorage.secretKey,
  };
  const write = async (name: string, variables: Readonly<Record<string, string>>): Promise<string> => {
    const path = join(directory, name);
    await writeFile(
      path,
      Object.entries(variables).map(([variable, value]) => `${variable}=${value}\n`),
      { mode: 0o600 },
    );
    return path;
  };
  const values: Readonly<Record<string, string | undefined>> = { ...others, ...urls, ...passwords };
  const canaries = variableList
    .filter(({ secret }) => secret === true)
    .map(({ name }): [string, string] => {
      const value = values[name];
      if (value === undefined) throw new Error(`${name} is a secret without a canary: give it one in this file.`);
      // Of an address what is secret in it.
      return [name, /canary-[\w-]+/.exec(value)?.[0] ?? value];
    });
  return {
    repository,
    storage,
    directory,
    canaries: Object.fromEntries(canaries),
    envFiles: { urls: await write('urls.env', urls), passwords: await write('passwords.env', others) },
    bodies,
    change: (name, variables) => write(name, { ...urls, ...variables }),
  };
}

/** Whoever alerts are sent to, in all ways that there are. */
async function startReceivers(): Promise<{ bodies: () => readonly string[]; variables: Readonly<Record<string, string>> }> {
  const bodies: string[] = [];
  const server = await startHttpServer((request, response) => {
    const answer = async (): Promise<void> => {
      bodies.push(await text(request));
      response.writeHead(200).end();
    };
    void answer();
  });
  const mail = await startSmtpServer({ login: { user: 'me', password: 'canary-of-mail' } });
  return {
    bodies: () => [...bodies, ...mail.mails.map(({ data }) => data)],
    variables: {
      NOTIFY_ON: 'failure,incomplete,recovered,late,success',
      NOTIFY_WEBHOOK_URL: `${server.url}/canary-of-the-webhook`,
      NOTIFY_WEBHOOK_SECRET: 'canary-that-signs',
      NOTIFY_PING_URL: `${server.url}/canary-of-pings`,
      NOTIFY_SMTP_URL: `smtp://me:canary-of-mail@127.0.0.1:${mail.port}`,
      NOTIFY_EMAIL_FROM: 'backup@example.com',
      NOTIFY_EMAIL_TO: 'ops@example.com',
      NOTIFY_NTFY_URL: `${server.url}/canary-of-a-topic`,
      NOTIFY_NTFY_TOKEN: 'canary-of-a-token',
      NOTIFY_SLACK_URL: `${server.url}/canary-of-slack`,
    },
  };
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionConfig } from '../../src/config/project-config.ts';
import type { TestRepository } from './borg.ts';
import type { TestDatabase } from './database.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

/** The env file of a project, and where that says things are. */
export interface TestProject {
  readonly name: string;
  readonly directory: string;
  readonly envFile: string;
  readonly stateDirectory: string;
}

export interface TestProjectOptions {
  readonly database: Pick<TestDatabase, 'config'>;
  readonly repository: TestRepository;
  /** What the TEST_ block describes; its PROJECT_NAME is `shop-test`. */
  readonly target?: Pick<TestDatabase, 'config'>;
  /** Added to the env file, or in place of what would stand there. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Writes an env file (0600) into a directory of its own, which is gone when the test is over. */
export async function createTestProject(options: TestProjectOptions): Promise<TestProject> {
  const directory = await createTemporaryDirectory();
  const stateDirectory = join(directory, 'state');
  await mkdir(stateDirectory, { mode: 0o700 });
  const variables = {
    PROJECT_NAME: 'shop',
    SUPABASE_DB_URL: formatUrl(options.database.config),
    BORG_REPO: options.repository.location,
    BORG_PASSPHRASE: options.repository.passphrase,
    STATE_DIR: stateDirectory,
    ...(options.target === undefined ? {} : targetVariables(options.target)),
    ...options.variables,
  };
  const envFile = join(directory, 'shop.env');
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(envFile, lines.join(''), { mode: 0o600 });
  return { name: variables.PROJECT_NAME, directory, envFile, stateDirectory };
}

function targetVariables(target: Pick<TestDatabase, 'config'>): Record<string, string> {
  return { TEST_PROJECT_NAME: 'shop-test', TEST_SUPABASE_DB_URL: formatUrl(target.config), TEST_RESTORE_ALLOWED: 'true' };
}

/** The connection as a URL, as a user would write it: with every odd character of the password and the name encoded. */
export function formatUrl({ host, port, user, database, password }: ConnectionConfig): string {
  const credentials = [user, password?.reveal() ?? ''].map(encode).join(':');
  return `postgresql://${credentials}@${host}:${port}/${encode(database)}?sslmode=disable`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("'", '%27');
}

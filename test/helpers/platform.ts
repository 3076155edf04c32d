import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { Client } from 'pg';
import { Secret, type ConnectionConfig } from '../../src/config/project-config.ts';
import type { Cluster, ClusterAddress } from './cluster.ts';
import { startTestCluster } from './test-cluster.ts';

/** How old the platform's own schemas are: test/fixtures/platform.sql tells the differences. */
export type PlatformVersion = 'older' | 'current' | 'newer';

/** A server in the likeness of a hosted project, its database `postgres` included. */
export interface PlatformCluster extends Cluster {
  readonly version: PlatformVersion;
  /** What a user of the platform connects as: the owner of the database, but no superuser. */
  readonly postgres: PlatformUser;
  /** `supabase_admin`, the superuser that no user of the platform can be. */
  readonly administrator: PlatformUser;
}

export interface PlatformUser {
  /** By password over TCP, into the database `postgres`. */
  readonly config: ConnectionConfig;
  /** Over a connection of its own. Of several statements, the last one's rows. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface PlatformOptions {
  readonly version?: PlatformVersion;
  /** Lines of postgresql.conf, as in ClusterOptions. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The programs of another major version of PostgreSQL, as in ClusterOptions. */
  readonly binDirectory?: string;
}

/** Secrets that test/fixtures/hostile.sql puts where a backup meets them. None may ever be printed, logged or written in clear. */
export const hostileCanaries = ['canary-webhook-key', 'canary-vault-secret', 'canary-mapping-password', 'canary-role-password'];

const superuser = 'supabase_admin';
const database = 'postgres';

/** Starts a server with an empty hosted project. About two seconds; stopped when the test is over, like any test cluster. */
export async function startPlatformCluster(options: PlatformOptions = {}): Promise<PlatformCluster> {
  const { version = 'current', settings = {}, binDirectory } = options;
  const cluster = await startTestCluster({ superuser, settings, ...(binDirectory === undefined ? {} : { binDirectory }) });
  try {
    await runFile(cluster.address, 'platform.sql', { user: superuser, variables: { platform_version: version } });
    const administrator = createUser(cluster.address, superuser);
    const literal = `'${cluster.address.password.replaceAll("'", "''")}'`;
    await administrator.query(`ALTER ROLE postgres PASSWORD ${literal}`);
    return { ...cluster, version, administrator, postgres: createUser(cluster.address, 'postgres') };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/**
 * Fills the database with what users do to theirs: test/fixtures/hostile.sql as `postgres`, then hostile-superuser.sql as
 * `supabase_admin`: that part the platform would let `postgres` do as well, or a self-hoster does. Plain PostgreSQL lets
 * nobody but a superuser restore it, so tests that restore as `postgres` and expect no loss leave it out.
 */
export async function loadHostileSource(cluster: PlatformCluster, options: { superuserPart?: boolean } = {}): Promise<void> {
  const variables = { platform_version: cluster.version };
  await runFile(cluster.address, 'hostile.sql', { user: 'postgres', variables });
  if (options.superuserPart === false) return;
  await runFile(cluster.address, 'hostile-superuser.sql', { user: superuser, variables });
}

interface Manner {
  readonly user: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Runs a file of test/fixtures in one transaction, over the socket, where nobody is asked for a password. */
async function runFile(address: ClusterAddress, name: string, { user, variables }: Manner): Promise<void> {
  const file = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const place = [`--host=${address.socketDirectory}`, `--port=${address.port}`, `--username=${user}`, `--dbname=${database}`];
  const set = Object.entries({ ON_ERROR_STOP: '1', ...variables }).map(([variable, value]) => `--set=${variable}=${value}`);
  const manner = ['--no-psqlrc', '--quiet', '--single-transaction', ...set, `--file=${file}`];
  await execa(`${address.binDirectory}/psql`, [...place, ...manner], { stdout: 'ignore' });
}

function createUser(address: ClusterAddress, user: string): PlatformUser {
  const { host, port, password } = address;
  const login = { host, port, user, database };
  return {
    config: { ...login, password: new Secret(password), sslMode: 'disable', sslRootCertificate: undefined },
    async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
      const client = new Client({ ...login, password, application_name: 'test' });
      await client.connect();
      try {
        const results = [await client.query<Row>(sql, [...values])].flat();
        return results.at(-1)?.rows ?? [];
      } finally {
        await client.end();
      }
    },
  };
}

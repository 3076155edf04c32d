import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import { inject, vi } from 'vitest';
import { Secret, type ConnectionConfig } from '../../src/config/project-config.ts';
import { whenTestEnds } from './cleanup.ts';
import type { ClusterAddress } from './cluster.ts';
import { loadSupabaseFixture } from './fixture.ts';

/** A database of a test's own. Dropped when the test is over (one made in `beforeAll`: by `drop`). */
export interface TestDatabase {
  readonly name: string;
  /** As `postgres`, a superuser, by password over TCP. */
  readonly config: ConnectionConfig;
  /** Over a connection of the test's own, made anew after a restart of the server. Of several statements, the last one's rows. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Throws when anybody but `query` is still connected, and drops it. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** What it starts with: nothing, or test/fixtures/supabase.sql. */
  readonly template?: 'empty' | 'supabase';
  /** Any text; a made-up name unless given. */
  readonly name?: string;
  /** Another server than the one that all tests share. */
  readonly cluster?: ClusterAddress;
  /** How long `drop` waits for the sessions of programs that have just ended. */
  readonly patienceMs?: number;
}

export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = options.name ?? `test_${randomBytes(6).toString('hex')}`;
  const address = options.cluster ?? inject('cluster');
  const config = connectionConfig(address, name);
  const connection = new LazyConnection(config);
  await create(address, name, options);
  let dropped = false;
  const drop = async () => {
    if (dropped) return;
    dropped = true;
    await connection.close();
    await dropUnused(address, name, options.patienceMs ?? 120_000);
  };
  whenTestEnds(drop);
  return { name, config, drop, query: (sql, values) => connection.query(sql, values) };
}

function connectionConfig(address: ClusterAddress, database: string): ConnectionConfig {
  const { host, port, user } = address;
  return {
    host,
    port,
    user,
    database,
    password: new Secret(address.password),
    sslMode: 'disable',
    sslRootCertificate: undefined,
  };
}

async function create(address: ClusterAddress, name: string, options: TestDatabaseOptions): Promise<void> {
  const { template = 'empty', cluster } = options;
  const source = cluster === undefined ? `template_${template}` : 'template0';
  await administrate(address, (client) => client.query(`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE ${source}`));
  if (cluster !== undefined && template === 'supabase') await loadSupabaseFixture(address, name);
}

async function dropUnused(address: ClusterAddress, name: string, patienceMs: number): Promise<void> {
  await administrate(address, async (client) => {
    try {
      await vi.waitFor(async () => {
        const sessions = await listSessions(client, name);
        if (sessions.length > 0) throw new Error(`Sessions left in ${name}:\n${sessions.join('\n')}`);
      }, patienceMs);
    } finally {
      await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
    }
  });
}

async function listSessions(client: Client, database: string): Promise<string[]> {
  const sql = `SELECT format('%s (%s): %s', application_name, state, query) AS session
    FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() ORDER BY backend_start`;
  const result = await client.query<{ session: string }>(sql, [database]);
  return result.rows.map((row) => row.session);
}

async function administrate(address: ClusterAddress, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ host: address.socketDirectory, port: address.port, user: address.user, database: 'postgres' });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

class LazyConnection {
  readonly #config: ConnectionConfig;
  #client: Client | undefined;

  constructor(config: ConnectionConfig) {
    this.#config = config;
  }

  async query<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    this.#client ??= await this.#connect();
    const results = [await this.#client.query<Row>(sql, [...values])].flat();
    return results.at(-1)?.rows ?? [];
  }

  async close(): Promise<void> {
    await this.#client?.end();
    this.#client = undefined;
  }

  async #connect(): Promise<Client> {
    const { host, port, user, database, password } = this.#config;
    const client = new Client({ host, port, user, database, password: password?.reveal(), application_name: 'test' });
    client.on('error', () => (this.#client = undefined));
    await client.connect();
    return client;
  }
}

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** How to reach a scratch server: by password over TCP, without one over its socket. */
export interface ClusterAddress {
  readonly host: string;
  readonly port: number;
  /** The superuser that made the server. */
  readonly user: string;
  readonly password: string;
  readonly socketDirectory: string;
  readonly binDirectory: string;
}

/** A PostgreSQL server of its own in a temporary directory. It goes away with the process that started it, however that ends. */
export interface Cluster {
  readonly address: ClusterAddress;
  /** Stops the server (`immediate` is what a crash looks like to its clients) and starts it again. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  /** Stops the server and removes its directory. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** Lines of postgresql.conf on top of ours: `{ max_connections: '5' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The role that makes the server; `postgres` unless given. */
  readonly superuser?: string;
  /** The programs of another major version than the newest: `listPrograms` tells which there are. */
  readonly binDirectory?: string;
}

type Supervisor = ChildProcessByStdio<Writable, Readable, null>;

/** Everything that breaks a URL, a pgpass file, a connection string or a shell. */
const oddPassword = `p@ss:w/o\\rd #%'"`;

const baseSettings = {
  autovacuum: 'off',
  fsync: 'off',
  full_page_writes: 'off',
  listen_addresses: `'127.0.0.1'`,
  max_connections: '200',
  max_locks_per_transaction: '256',
  shared_buffers: '128MB',
  wal_level: 'logical',
};

/** Makes and starts a cluster with the newest PostgreSQL of this machine (PG_BIN_DIR: with that one). About a second. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const binDirectory = options.binDirectory ?? process.env['PG_BIN_DIR'] ?? (await findNewestPrograms());
  const user = options.superuser ?? 'postgres';
  // Another test may take the free port in the second that initdb needs.
  for (let attempts = 3; ; attempts -= 1) {
    const port = await findFreePort();
    const supervisor = startSupervisor(binDirectory, user);
    const settings = { ...baseSettings, ...options.settings, port: String(port) };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    supervisor.stdin.write(`${[oddPassword, ...lines].join('\n')}\n\n`);
    const directory = await readDirectory(supervisor);
    if (directory !== undefined) {
      const address = { host: '127.0.0.1', port, user, password: oddPassword, socketDirectory: directory, binDirectory };
      return { address, stop: () => stop(supervisor), restart: (mode) => restart(address, mode) };
    }
    if (attempts === 1) throw new Error('The scratch server did not start; what it said stands above.');
  }
}

const debianRoot = '/usr/lib/postgresql';

export interface ServerPrograms {
  readonly major: number;
  readonly binDirectory: string;
}

/** The servers that Debian's packages have installed, oldest first: each major version is in /usr/lib/postgresql/N/bin. */
export async function listPrograms(): Promise<ServerPrograms[]> {
  const majors = (await readdir(debianRoot).catch(() => [])).map(Number).filter((major) => major > 0);
  const programs = majors.map((major) => ({ major, binDirectory: join(debianRoot, String(major), 'bin') }));
  // Client programs alone make no server.
  return programs.filter(({ binDirectory }) => existsSync(join(binDirectory, 'initdb'))).toSorted((a, b) => a.major - b.major);
}

async function findNewestPrograms(): Promise<string> {
  const newest = (await listPrograms()).at(-1);
  if (newest === undefined)
    throw new Error(`There is no PostgreSQL server below ${debianRoot}: run scripts/setup or set PG_BIN_DIR.`);
  return newest.binDirectory;
}

function startSupervisor(binDirectory: string, superuser: string): Supervisor {
  const script = fileURLToPath(new URL('scratch-server.sh', import.meta.url));
  // Detached: Ctrl-C at the terminal must not kill it before it has cleaned up.
  const supervisor = spawn('/bin/sh', [script, binDirectory, superuser], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  supervisor.unref();
  // It may end before it has read everything; that it ended is what counts.
  supervisor.stdin.on('error', () => {});
  return supervisor;
}

/** Undefined when the server did not start. */
async function readDirectory(supervisor: Supervisor): Promise<string | undefined> {
  for await (const line of createInterface(supervisor.stdout)) return line;
  return undefined;
}

async function stop(supervisor: Supervisor): Promise<void> {
  if (supervisor.exitCode !== null) return;
  const exited = once(supervisor, 'exit');
  supervisor.ref();
  supervisor.stdin.end();
  await exited;
}

async function restart(address: ClusterAddress, mode: string): Promise<void> {
  const { socketDirectory: directory, binDirectory } = address;
  const places = [`--pgdata=${directory}/data`, `--log=${directory}/server.log`];
  const command = [`${binDirectory}/pg_ctl`, 'restart', `--mode=${mode}`, '--wait', '--silent', ...places];
  const [file, ...args] = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...command] : command;
  await execa(file!, args, { cwd: '/' });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return address.port;
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** How to reach a scratch server: by password over TCP, without one as `postgres` over its socket. */
export interface ClusterAddress {
  readonly host: string;
  readonly port: number;
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
}

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
  const binDirectory = process.env['PG_BIN_DIR'] ?? (await findNewestPrograms());
  const directory = await mkdtemp(join(tmpdir(), 'agent-cluster-'));
  const watchdog = startWatchdog(directory, binDirectory);
  const address = {
    host: '127.0.0.1',
    port: await findFreePort(),
    user: 'postgres',
    password: oddPassword,
    socketDirectory: join(directory, 'socket'),
    binDirectory,
  };
  const stop = () => stopWatchdog(watchdog);
  try {
    await giveToServer(directory);
    await initialize(directory, address, options);
    await control(directory, address, 'start');
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, stop, restart: (mode) => control(directory, address, 'restart', ['--mode', mode]) };
}

/** The highest /usr/lib/postgresql/N/bin, where Debian keeps every major version. */
async function findNewestPrograms(): Promise<string> {
  const root = '/usr/lib/postgresql';
  const majors = (await readdir(root).catch(() => [])).map(Number).filter((major) => major > 0);
  if (majors.length === 0) throw new Error(`There is no PostgreSQL server below ${root}: run scripts/setup or set PG_BIN_DIR.`);
  return join(root, String(Math.max(...majors)), 'bin');
}

function startWatchdog(directory: string, binDirectory: string): ChildProcess {
  const script = fileURLToPath(new URL('watchdog.sh', import.meta.url));
  // Detached: Ctrl-C at the terminal must not kill it before it has done its work.
  const watchdog = spawn('/bin/sh', [script, directory, binDirectory], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  watchdog.unref();
  return watchdog;
}

async function stopWatchdog(watchdog: ChildProcess): Promise<void> {
  if (watchdog.exitCode !== null) return;
  const exited = once(watchdog, 'exit');
  watchdog.ref();
  watchdog.stdin?.end();
  await exited;
}

async function initialize(directory: string, address: ClusterAddress, options: ClusterOptions): Promise<void> {
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${address.password}\n`, { mode: 0o600 });
  await giveToServer(passwordFile);
  await mkdir(address.socketDirectory);
  await giveToServer(address.socketDirectory);
  const access = ['--auth-local=trust', '--auth-host=scram-sha-256', `--username=${address.user}`, `--pwfile=${passwordFile}`];
  const initdb = join(address.binDirectory, 'initdb');
  await runAsServer(initdb, ['--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', ...access, `--pgdata=${data}`]);
  await rm(passwordFile);
  const settings = { ...baseSettings, unix_socket_directories: `'${address.socketDirectory}'`, ...options.settings };
  const lines = Object.entries({ ...settings, port: String(address.port) }).map(([name, value]) => `${name} = ${value}\n`);
  await appendFile(join(data, 'postgresql.conf'), lines.join(''));
}

async function control(directory: string, address: ClusterAddress, verb: string, args: readonly string[] = []): Promise<void> {
  const log = join(directory, 'server.log');
  const places = [`--pgdata=${join(directory, 'data')}`, `--log=${log}`];
  try {
    await runAsServer(join(address.binDirectory, 'pg_ctl'), [verb, '--wait', '--silent', ...places, ...args]);
  } catch (error) {
    throw new Error(`The scratch server did not ${verb}:\n${await readFile(log, 'utf8')}`, { cause: error });
  }
}

/** PostgreSQL's server refuses to run as root; Debian's packages bring the user `postgres` for it. */
async function runAsServer(file: string, args: readonly string[]): Promise<void> {
  const command = isRoot() ? ['runuser', '-u', 'postgres', '--', file, ...args] : [file, ...args];
  await execa(command[0]!, command.slice(1), { cwd: '/' });
}

async function giveToServer(path: string): Promise<void> {
  if (!isRoot()) return;
  const user = await execa('id', ['--user', 'postgres']);
  const group = await execa('id', ['--group', 'postgres']);
  await chown(path, Number(user.stdout), Number(group.stdout));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
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

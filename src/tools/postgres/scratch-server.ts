import { chown } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, CommandResult, CommandRunner, RunningCommand, ScratchServer } from '../../context.ts';
import { noRoomMessage } from '../../domain/no-room.ts';
import { AppError } from '../../errors.ts';
import { createOutside, removeOutside, removeTree } from '../files/outside.ts';
import { findServer, type ProgramSearch } from './programs.ts';
import { findServerAccount, runAs, type Account } from './server-account.ts';

export interface ScratchHost extends ProgramSearch {
  /** Ends the start, not a server that has started: that is for its `close`. */
  readonly signal: AbortSignal;
  /** Where the server's socket lies and, when the agent is root, its data. */
  readonly temporaryDirectory: string;
}

const port = 5432;
const patienceMs = 10_000;
/** The size of sun_path, with its closing zero: unix(7). */
const maximumSocketBytes = 107;

/** Nothing in it has to survive a crash. Locks: a dump holds one for each table. Shared memory goes with the directory. */
const settings = {
  autovacuum: 'off',
  dynamic_shared_memory_type: 'mmap',
  fsync: 'off',
  full_page_writes: 'off',
  jit: 'off',
  listen_addresses: '',
  // A statement that fails may hold a password.
  log_min_error_statement: 'panic',
  max_connections: '20',
  max_locks_per_transaction: '2048',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  port: String(port),
  shared_buffers: '32MB',
  synchronous_commit: 'off',
  wal_level: 'minimal',
};

/**
 * Makes a cluster and starts its server, about a second; see `Databases.startScratchServer`. PostgreSQL refuses to run as root: as
 * root it runs as another user, in a directory outside of the run's own.
 */
export async function startScratchServer(host: ScratchHost, minimumMajor: number, directory: string): Promise<ScratchServer> {
  const { initdb, postgres, major } = await findServer(host, minimumMajor);
  const account = await findServerAccount(host.commands);
  const socketDirectory = await createOutside(directory, host.temporaryDirectory);
  const data = account === undefined ? join(directory, basename(socketDirectory)) : join(socketDirectory, 'data');
  let server: RunningCommand | undefined;
  const close = async (): Promise<void> => {
    if (server !== undefined) await stop(server);
    await removeTree(host.commands, data);
    await removeOutside(host.commands, directory, socketDirectory);
  };
  try {
    assertShort(socketDirectory);
    if (account !== undefined) await chown(socketDirectory, account.uid, account.gid);
    await initialize(host.commands, runAs(account, initdb, initializeArguments(data)), socketDirectory);
    server = await launch(host, account, { postgres, socketDirectory, data });
  } catch (error) {
    await close();
    throw error;
  }
  let closed: Promise<void> | undefined;
  return { major, connection: connectionTo(socketDirectory), close: () => (closed ??= close()) };
}

/** Where `startScratchServer` puts the data. */
export async function findScratchPlace(
  { commands, temporaryDirectory }: Pick<ScratchHost, 'commands' | 'temporaryDirectory'>,
  directory: string,
): Promise<string> {
  return (await findServerAccount(commands)) === undefined ? directory : temporaryDirectory;
}

function assertShort(socketDirectory: string): void {
  if (Buffer.byteLength(join(socketDirectory, `.s.PGSQL.${port}`)) <= maximumSocketBytes) return;
  throw new AppError('configuration', `The path ${socketDirectory} is too long for a socket.`, {
    hint: 'Set TMPDIR to a directory with a shorter path.',
  });
}

function initializeArguments(data: string): string[] {
  const manner = ['--auth=trust', '--no-sync', '--no-instructions', '--encoding=UTF8', '--locale=C.UTF-8'];
  return ['--username=postgres', ...manner, `--pgdata=${data}`];
}

async function initialize(commands: CommandRunner, command: Command, cwd: string): Promise<void> {
  const result = await commands.run({ ...command, cwd });
  if (result.exitCode !== 0) throw startError('made', result);
}

interface Place {
  readonly postgres: string;
  readonly socketDirectory: string;
  readonly data: string;
}

/** Resolves when the server takes connections. */
async function launch({ commands, signal }: ScratchHost, account: Account | undefined, place: Place): Promise<RunningCommand> {
  const lines = Object.entries({ ...settings, unix_socket_directories: place.socketDirectory });
  const options = lines.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const ready = Promise.withResolvers<void>();
  const server = commands.start({
    ...runAs(account, place.postgres, ['-D', place.data, ...options]),
    cwd: place.socketDirectory,
    stdout: 'ignore',
    idles: true,
    onStderrLine: (line) => {
      if (line.includes('database system is ready to accept connections')) ready.resolve();
    },
  });
  const abort = (): void => ready.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const ended = server.finished.then((result) => {
    throw startError('started', result);
  });
  try {
    signal.throwIfAborted();
    await Promise.race([ready.promise, ended]);
    return server;
  } catch (error) {
    await stop(server);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    ready.promise.catch(() => undefined);
    ended.catch(() => undefined);
  }
}

function startError(what: string, { stderr, signal, exitCode }: CommandResult): AppError {
  const how = signal === null ? `it ended with code ${exitCode}` : `it was ended by ${signal}`;
  const lastLines = stderr.trim().split('\n').slice(-5).join('\n') || how;
  if (noRoomMessage.test(stderr)) {
    return new AppError('no_space', `There is no room left for a scratch server: ${lastLines}`, {
      hint: 'Make room on that file system, or point STATE_DIR (as root: TMPDIR, otherwise /var/tmp) to a larger one.',
    });
  }
  return new AppError('failed', `A scratch server could not be ${what}: ${lastLines}`, {
    hint: 'See what PostgreSQL says. It needs some shared memory, and about 60 MB below TMPDIR (/var/tmp), where the user that it runs as has to get in.',
  });
}

/** SIGQUIT: at once, with all its sessions, and nothing is written. https://www.postgresql.org/docs/current/server-shutdown.html */
async function stop(server: RunningCommand): Promise<void> {
  const gone = server.finished.then(
    () => true,
    () => true,
  );
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const running = !(await Promise.race([gone, Promise.resolve(false)]));
    if (running && server.pid !== undefined) sendSignal(server.pid, signal);
    const patience = new AbortController();
    const waited = sleep(patienceMs, false, { signal: patience.signal }).catch(() => false);
    const over = await Promise.race([gone, waited]);
    patience.abort();
    if (over) return;
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

function connectionTo(socketDirectory: string): ScratchServer['connection'] {
  return {
    host: socketDirectory,
    port,
    user: 'postgres',
    database: 'postgres',
    password: undefined,
    sslMode: 'disable',
    sslRootCertificate: undefined,
  };
}

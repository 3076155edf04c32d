import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { controlLineLimit } from '../../domain/control.ts';
import { AppError, messageOf } from '../../errors.ts';
import { tryLock } from '../state/lock.ts';
import { readLine } from './line.ts';

/** sockaddr_un has room for 108 bytes, the last of which is zero (unix(7)). */
const longestPath = 107;
const requestMs = 10_000;

/**
 * Listens on a unix socket (0600) and answers each line with one. The socket of an agent that has died is replaced; throws AppError
 * locked when one lives, configuration when there can be no socket.
 */
export async function openControlServer(
  path: string,
  answer: (line: string) => Promise<string>,
): Promise<{ close(): Promise<void> }> {
  const lock = takeLock(path);
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    void serve(socket, answer);
  });
  try {
    rmSync(path, { force: true });
    await listen(server, path);
  } catch (error) {
    lock.release();
    throw noSocket(path, error);
  }
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
      rmSync(path, { force: true });
      lock.release();
    },
  };
}

async function serve(socket: Socket, answer: (line: string) => Promise<string>): Promise<void> {
  try {
    const line = await readLine(socket, { bytes: controlLineLimit, ms: requestMs });
    // The end of a run that is cancelled takes longer.
    socket.setTimeout(0);
    socket.end(`${await answer(line)}\n`);
  } catch {
    // Whoever asked has gone, or is none of ours.
    socket.destroy();
  }
}

function takeLock(path: string): { release(): void } {
  if (Buffer.byteLength(path) > longestPath) throw noSocket(path, new Error(`its path has more than ${longestPath} bytes`));
  let lock: { release(): void } | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    lock = tryLock(`${path}.lock`);
  } catch (error) {
    throw noSocket(path, error);
  }
  if (lock !== undefined) return lock;
  throw new AppError('locked', `Another agent is running already (${path}). It was not disturbed, and nothing was started.`, {
    hint: '`agent status` asks it; end it with `systemctl stop supabase-backup-agent`, or give this one another --socket.',
  });
}

/** Between bind and chmod nobody else may connect: the mask is that of a private file. */
async function listen(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
}

function noSocket(path: string, cause: unknown): AppError {
  return new AppError(
    'configuration',
    `The control socket ${path} cannot be opened: ${messageOf(cause)}. Nothing was started.`,
    {
      hint: 'Name another one with --socket PATH: short, in a directory that only the agent writes to.',
      cause,
    },
  );
}

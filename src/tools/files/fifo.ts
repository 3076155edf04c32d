import { constants, open } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { CommandRunner } from '../../context.ts';
import { AppError } from '../../errors.ts';

const pollMs = 3;
const openDescriptor = promisify(open);

/** Makes named pipes with mkfifo(1), since Node has no call for it; in the place of those that an earlier attempt of the same run has left. */
export async function createFifos(commands: CommandRunner, paths: readonly string[]): Promise<void> {
  for (const directory of new Set(paths.map((path) => dirname(path)))) await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const path of paths) await rm(path, { force: true });
  const result = await commands.run({ file: 'mkfifo', args: ['--mode=600', '--', ...paths] });
  if (result.exitCode !== 0) {
    throw new AppError('tool_failed', `Named pipes cannot be made: ${result.stderr.trim()}`, {
      hint: 'STATE_DIR must lie on a file system with named pipes, with room left: not on a FAT or SMB share.',
    });
  }
}

/**
 * Opens a named pipe for writing once it has a reader.
 *
 * open(2) of a pipe without a reader would block a thread of Node's pool for ever, or until one comes; without blocking it
 * answers ENXIO until then. So we ask again every few milliseconds, which an abort can end.
 */
export async function openFifoForWriting(path: string, signal: AbortSignal): Promise<Writable> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const descriptor = await openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK);
      // libuv writes to a non-blocking pipe as to a socket: with back pressure, and EPIPE as an error event.
      return new Socket({ fd: descriptor, readable: false, writable: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
    await sleep(pollMs, undefined, { signal });
  }
}

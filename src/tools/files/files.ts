import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CommandRunner } from '../../context.ts';
import type { Files } from '../../files.ts';
import { AppError, messageOf } from '../../errors.ts';
import { createFifos, openFifoForWriting } from './fifo.ts';
import { endProcessesBelow } from './orphans.ts';
import { openOutputDirectory } from './output-directory.ts';
import { removeAllOutside } from './outside.ts';

/** The file system, as the pipelines need it. `baseDirectory` holds the work directories of one project. */
export function createFiles(baseDirectory: string, commands: CommandRunner): Files {
  return {
    async createWorkDirectory(name) {
      await makePrivateDirectory(baseDirectory);
      for (const left of await readdir(baseDirectory)) {
        await endProcessesBelow(join(baseDirectory, left));
        await removeAllOutside(commands, join(baseDirectory, left));
        await rm(join(baseDirectory, left), { recursive: true, force: true });
      }
      const path = join(baseDirectory, name);
      await makePrivateDirectory(path);
      return path;
    },
    async removeWorkDirectory(path) {
      await removeAllOutside(commands, path);
      await rm(path, { recursive: true, force: true });
    },
    createFifos: (paths) => createFifos(commands, paths),
    openFifoForWriting,
    saveStream: (path, stream) => pipeline(stream, createWriteStream(path, { mode: 0o600, flags: 'wx' })),
    readFile: (path) => createReadStream(path),
    openOutputDirectory,
    async freeBytes(path) {
      const stats = await statfs(path);
      return stats.bavail * stats.bsize;
    },
    async permissions(path) {
      const stats = await stat(path).catch(() => undefined);
      return stats === undefined ? undefined : stats.mode & 0o777;
    },
    async writeProblem(directory) {
      try {
        // With the slash at the end a file is none.
        await access(join(directory, '/'), constants.W_OK | constants.X_OK);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
  };
}

/** Makes a directory that nobody else can look into. */
async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AppError('failed', `The directory ${path} cannot be made: ${(error as Error).message}.`, {
      hint: 'Point STATE_DIR to a directory that this user may write to, with room left.',
      cause: error,
    });
  }
}

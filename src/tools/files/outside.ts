import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CommandRunner } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { endProcessesBelow } from './orphans.ts';

const linkPrefix = 'outside-';

/**
 * Makes a private directory (0700) in `parent`, for what cannot lie in a run's own directory: that is closed to other users, and
 * its path may be too long for a socket. A link in the run's directory leads to it, and is there first: so the next run finds it
 * when this one is killed.
 */
export async function createOutside(directory: string, parent: string): Promise<string> {
  const path = join(parent, `agent-${randomBytes(8).toString('hex')}`);
  await symlink(path, join(directory, `${linkPrefix}${basename(path)}`));
  // Not recursive: it fails if somebody else has that name already.
  await mkdir(path, { mode: 0o700 });
  return path;
}

/** Removes all directories that `createOutside` has made for a run, and ends what runs in them. */
export async function removeAllOutside(commands: CommandRunner, directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(linkPrefix))) {
    await removeOutside(commands, directory, await readlink(join(directory, name)));
  }
}

/** Removes one of them, with its link. */
export async function removeOutside(commands: CommandRunner, directory: string, path: string): Promise<void> {
  await endProcessesBelow(path);
  await removeTree(commands, path);
  await rm(join(directory, `${linkPrefix}${basename(path)}`), { force: true });
}

/** By rm(1), which follows no link that the user of that directory puts into its way; not to be interrupted. */
export async function removeTree(commands: CommandRunner, path: string): Promise<void> {
  const { exitCode, stderr } = await commands.start({ file: 'rm', args: ['-rf', '--', path] }).finished;
  if (exitCode === 0) return;
  throw new AppError('failed', `${path} cannot be removed: ${stderr.trim()}`, { hint: 'Remove it by hand.' });
}

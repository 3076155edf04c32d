import { stat } from 'node:fs/promises';
import type { Command, CommandRunner } from '../../context.ts';

/** The user that the units of the service run as (scripts/install). */
export interface ServiceUser {
  readonly name: string;
  readonly userId: number;
  readonly groupId: number;
  readonly home: string;
}

/**
 * Who will use an env file that root puts into this directory: the user who is called like its group, if a group other than root's may look
 * into it. Undefined when there is none.
 */
export async function findServiceUser(commands: CommandRunner, directory: string): Promise<ServiceUser | undefined> {
  const found = await stat(directory).catch(() => undefined);
  if (found === undefined || found.gid === 0 || (found.mode & 0o010) === 0) return undefined;
  const [name] = await readEntry(commands, 'group', String(found.gid));
  if (name === undefined) return undefined;
  const [, , userId, groupId, , home] = await readEntry(commands, 'passwd', name);
  if (userId === undefined || groupId === undefined) return undefined;
  return { name, userId: Number(userId), groupId: Number(groupId), home: home ?? '/' };
}

/** The fields of a line of /etc/passwd or /etc/group, wherever such lines come from on this machine; none when there is no such line. */
async function readEntry(commands: CommandRunner, database: string, key: string): Promise<string[]> {
  const { exitCode, stdout } = await commands.run({ file: 'getent', args: [database, key] });
  return exitCode === 0 ? stdout.trim().split(':') : [];
}

/** Starts programs as this user, as root may: with keys of his own for ssh, and without a file of root's in his repository. */
export function startAs({ name, userId, groupId, home }: ServiceUser, commands: CommandRunner): CommandRunner {
  const change = (command: Command): Command => ({
    ...command,
    file: '/usr/bin/setpriv',
    args: [`--reuid=${userId}`, `--regid=${groupId}`, '--init-groups', '--', command.file, ...command.args],
    env: { HOME: home, USER: name, LOGNAME: name, ...command.env },
  });
  return { start: (command) => commands.start(change(command)), run: (command) => commands.run(change(command)) };
}

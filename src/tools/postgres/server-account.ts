import { existsSync } from 'node:fs';
import type { Command, CommandRunner } from '../../context.ts';
import { AppError } from '../../errors.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Debian's PostgreSQL brings the first; the second is everywhere. */
const names = ['postgres', 'nobody'];
const setpriv = '/usr/bin/setpriv';

/** Who a server runs as: undefined for the agent's own user, somebody without rights when that is root. */
export async function findServerAccount(commands: CommandRunner): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { stdout } = await commands.run({ file: 'getent', args: ['passwd', ...names] });
  const account = parseAccounts(stdout).find(({ uid }) => uid !== 0);
  if (account !== undefined) return account;
  throw new AppError('tool_missing', 'PostgreSQL refuses to run as root, and there is no user for it.', {
    hint: `Make one of the users ${names.join(', ')}, or run the agent as another user than root.`,
  });
}

/** Lines of passwd(5): `postgres:x:101:104:PostgreSQL administrator:/var/lib/postgresql:/bin/bash`. */
export function parseAccounts(text: string): Account[] {
  const fields = text.split('\n').map((line) => line.split(':'));
  return fields
    .filter((field) => field.length >= 7)
    .map(([name, , uid, gid]) => ({ name: name!, uid: Number(uid), gid: Number(gid) }));
}

/**
 * A command of an account that ends at once (SIGQUIT, to a PostgreSQL server) when the agent dies, even with a session that is
 * busy. The kernel forgets at a change of user what the command runner has asked of it, so it is asked again.
 */
export function runAs(account: Account | undefined, file: string, args: readonly string[]): Command {
  if (account === undefined && !existsSync(setpriv)) return { file, args };
  const user =
    account === undefined ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--no-new-privs'];
  return { file: setpriv, args: [...user, '--pdeathsig=QUIT', '--', file, ...args] };
}

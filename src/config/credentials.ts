import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { AppError, messageOf } from '../errors.ts';
import type { Layer } from './layer.ts';
import { warnOfUnknownNames } from './unknown-names.ts';
import { variableList } from './variables.ts';

/** The credentials of a systemd unit (LoadCredential=, systemd.exec(5)) that are named like a variable, which they hold. */
export interface Credentials extends Layer {
  readonly kind: 'credential';
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where systemd has put the credentials of this unit: it says so in the environment of all that the unit runs. */
function credentialsDirectory(environment: Environment): string | undefined {
  const directory = environment['CREDENTIALS_DIRECTORY'];
  return directory === undefined || directory === '' ? undefined : directory;
}

/** Looks which credentials there are; reads none. Undefined outside of a unit. Throws AppError configuration. */
export async function findCredentials(environment: Environment): Promise<Credentials | undefined> {
  const directory = credentialsDirectory(environment);
  if (directory === undefined) return undefined;
  const files = await listFiles(directory);
  const names = variableList.map(({ name }) => name).filter((name) => files.includes(name));
  const values = Object.fromEntries(names.map((name) => [name, join(directory, name)]));
  return { kind: 'credential', values, directory, warnings: warnOfUnknownNames(files) };
}

async function listFiles(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw new AppError('configuration', `The credentials cannot be listed (${messageOf(error)}). Nothing was started.`, {
      hint: 'CREDENTIALS_DIRECTORY is for systemd to set: a command that is run by hand has to do without it.',
      cause: error,
    });
  }
}

/** The directory of credentials, at the beginning of a path: systemd's own sign for it in units. */
const credentialsSign = '%d/';

/**
 * The file that NAME_FILE names: `%d/x` is the credential x; a relative path starts from `directory`, and is a credential where
 * no such file is.
 */
export function findSecretFile(
  path: string,
  directory: string,
  environment: Environment,
): { readonly path: string } | { readonly problem: string } {
  const credentials = credentialsDirectory(environment);
  if (path.startsWith(credentialsSign)) {
    if (credentials !== undefined) return { path: join(credentials, path.slice(credentialsSign.length)) };
    return { problem: '%d stands for the credentials of a systemd unit, and this was not started by a unit that has any' };
  }
  const beside = resolve(directory, path);
  if (credentials === undefined || isAbsolute(path) || existsSync(beside)) return { path: beside };
  const credential = join(credentials, path);
  return { path: existsSync(credential) ? credential : beside };
}

import { access, constants } from 'node:fs/promises';
import { AppError, messageOf } from '../errors.ts';
import { toConnection, type Connection } from './connection.ts';
import type { Problems } from './problems.ts';
import { Secret, type ConnectionConfig } from './project-config.ts';
import { databaseSchema, validate } from './schema.ts';

/**
 * Makes the connection of the database's variables, whose names are given without prefix; what is missing or wrong is added
 * to `problems`.
 */
export async function findDatabase(
  values: ReadonlyMap<string, string>,
  options: { readonly problems: Problems; readonly prefix: string; readonly canAsk: boolean },
): Promise<Connection | undefined> {
  const { problems, prefix, canAsk } = options;
  const settings = validate(databaseSchema, values, problems);
  if (settings === undefined) return undefined;
  const found = toConnection(settings, prefix);
  if (found === undefined) {
    const instead = `${prefix}SUPABASE_PROJECT_REF and ${prefix}SUPABASE_DB_PASSWORD`;
    problems.add('SUPABASE_DB_URL', `is missing: set it, or ${instead} instead`);
  } else if (found.password === 'required' && !canAsk) {
    problems.add('SUPABASE_DB_PASSWORD', 'is missing, and there is no terminal to ask for it');
  }
  if (settings.SUPABASE_DB_CA_FILE !== undefined) await checkReadable(settings.SUPABASE_DB_CA_FILE, problems);
  return found;
}

async function checkReadable(path: string, problems: Problems): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    problems.add('SUPABASE_DB_CA_FILE', `names a file that cannot be read (${messageOf(error)})`);
  }
}

/** Asks for a password that is not known, where there is somebody to ask. Throws AppError configuration when it is refused. */
export async function completePassword(
  found: Connection,
  askPassword: ((prompt: string) => Promise<string>) | undefined,
): Promise<{ readonly connection: ConnectionConfig; readonly asked: boolean }> {
  const { connection } = found;
  if (found.password === 'known' || askPassword === undefined) return { connection, asked: false };
  const answer = await askPassword(`Password of ${connection.user} on ${connection.host}: `);
  if (answer !== '') return { connection: { ...connection, password: new Secret(answer) }, asked: true };
  if (found.password === 'possible') return { connection, asked: false };
  throw new AppError('configuration', 'There is no database password. Nothing was started.', {
    hint: 'Type it, or set SUPABASE_DB_PASSWORD, SUPABASE_DB_PASSWORD_FILE or SUPABASE_DB_PASSWORD_COMMAND.',
  });
}

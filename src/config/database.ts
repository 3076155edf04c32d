import { access, constants } from 'node:fs/promises';
import { AppError, messageOf } from '../errors.ts';
import { toConnection, type Connection } from './connection.ts';
import type { Problems } from './problems.ts';
import { Secret, type ConnectionConfig } from './project-config.ts';
import { databaseSchema, validate } from './schema.ts';

interface DatabaseOptions {
  readonly problems: Problems;
  /** Of the variables' names, for messages: TEST_ */
  readonly prefix: string;
  readonly canAsk: boolean;
}

/**
 * Makes the connection of the database's variables, whose names are given without prefix; what is missing or wrong is added
 * to `problems`. With a URL and a key of Storage nothing is missing: a project may be its Storage alone. Undefined when there is none, or
 * `problems` says why.
 */
export async function findDatabase(
  values: ReadonlyMap<string, string>,
  options: DatabaseOptions,
): Promise<Connection | undefined> {
  const { problems, prefix, canAsk } = options;
  const settings = validate(databaseSchema, values, problems);
  if (settings === undefined || isStorageAlone(values, problems)) return undefined;
  const found = toConnection(settings, prefix);
  if (found === undefined) {
    const instead = `${prefix}SUPABASE_PROJECT_REF and ${prefix}SUPABASE_DB_PASSWORD`;
    const alone =
      values.has('SUPABASE_URL') && !keyNames.some((name) => values.has(name))
        ? `; or, for Storage alone, ${prefix}SUPABASE_SERVICE_ROLE_KEY`
        : '';
    problems.add('SUPABASE_DB_URL', `is missing: set it, or ${instead} instead${alone}`);
  } else if (found.password === 'required' && !canAsk) {
    problems.add('SUPABASE_DB_PASSWORD', 'is missing, and there is no terminal to ask for it');
  }
  if (settings.SUPABASE_DB_CA_FILE !== undefined) await checkReadable(settings.SUPABASE_DB_CA_FILE, problems);
  return found;
}

const keyNames = ['SUPABASE_SERVICE_ROLE_KEY', 'SUPABASE_SECRET_KEY'];
/** Who sets one of these means the database: a forgotten password must not look like the wish for Storage alone. */
const databaseNames = [
  'SUPABASE_DB_URL',
  'SUPABASE_DB_PASSWORD',
  'SUPABASE_DB_HOST',
  'SUPABASE_DB_CA_FILE',
  'SUPABASE_PROJECT_REF',
];

function isStorageAlone(values: ReadonlyMap<string, string>, problems: Problems): boolean {
  const isSet = (name: string): boolean => values.has(name) || problems.has(name);
  return isSet('SUPABASE_URL') && keyNames.some(isSet) && !databaseNames.some(isSet);
}

async function checkReadable(path: string, problems: Problems): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    problems.add('SUPABASE_DB_CA_FILE', `names a file that cannot be read (${messageOf(error)})`);
  }
}

/**
 * Asks for a password that is not known, where there is a database, and somebody to ask. Throws AppError configuration when it is
 * refused.
 */
export async function completePassword(
  found: Connection | undefined,
  askPassword: ((prompt: string) => Promise<string>) | undefined,
): Promise<{ readonly connection: ConnectionConfig | undefined; readonly asked: boolean }> {
  if (found === undefined) return { connection: undefined, asked: false };
  const { connection } = found;
  if (found.password === 'known' || askPassword === undefined) return { connection, asked: false };
  const answer = await askPassword(`Password of ${connection.user} on ${connection.host}: `);
  if (answer !== '') return { connection: { ...connection, password: new Secret(answer) }, asked: true };
  if (found.password === 'possible') return { connection, asked: false };
  throw new AppError('configuration', 'There is no database password. Nothing was started.', {
    hint: 'Type it, or set SUPABASE_DB_PASSWORD, SUPABASE_DB_PASSWORD_FILE or SUPABASE_DB_PASSWORD_COMMAND.',
  });
}

import type { Databases, ScratchServer, Session } from '../context.ts';
import { quoteIdentifier, settingAssignment } from '../domain/sql.ts';
import { tryQuery } from './definitions.ts';
import type { Source } from './source.ts';

/** Databases in a scratch server that look to SQL like those of the source before anything was made in them. */
export interface ScratchDatabases {
  /** Extensions of the source that this machine does not have. */
  readonly missingExtensions: readonly string[];
  create(name: string): Promise<void>;
  /** As `postgres`, no superuser; for the caller to close. */
  connect(name: string): Promise<Session>;
  connectionTo(name: string): ScratchServer['connection'];
  close(): Promise<void>;
}

export interface ScratchRequest {
  readonly databases: Databases;
  readonly server: ScratchServer;
  readonly source: Pick<Source, 'server' | 'extensions' | 'roles'>;
  /** As the setting has it: `"$user", public, extensions`. */
  readonly searchPath: string;
  readonly signal: AbortSignal;
}

const superuser = 'scratch superuser';
const template = 'prepared';

/**
 * Prepares them: roles, and extensions as far as they are installed here.
 *
 * What is loaded there comes from the source, where others may have written it. As a superuser it could run programs on this
 * machine (COPY ... FROM PROGRAM, untrusted languages), and there are the repository's passphrase and key. So `postgres` becomes
 * what it is on the platform, no superuser; nor may it create roles, by which it could before 16 take up pg_execute_server_program.
 */
export async function prepareDatabases(request: ScratchRequest): Promise<ScratchDatabases> {
  const { databases, server } = request;
  const first = await databases.connect(server.connection);
  try {
    await first.query(`CREATE ROLE ${quoteIdentifier(superuser)} SUPERUSER LOGIN`);
  } finally {
    await first.close();
  }
  const admin = await databases.connect({ ...server.connection, user: superuser });
  try {
    await createRoles(admin, request);
    await createTemplate(admin, request.source.server.encoding);
    const missingExtensions = await createExtensions(request);
    return {
      missingExtensions,
      create: async (name) => void (await admin.query(createDatabase(name, template))),
      connect: (name) => databases.connect({ ...server.connection, database: name }),
      connectionTo: (name) => ({ ...server.connection, database: name }),
      close: () => admin.close(),
    };
  } catch (error) {
    await admin.close();
    throw error;
  }
}

async function createRoles(admin: Session, { source, searchPath }: ScratchRequest): Promise<void> {
  await admin.query('ALTER ROLE postgres RENAME TO "scratch bootstrap"');
  await admin.query('CREATE ROLE postgres LOGIN BYPASSRLS');
  // What functions refer to may come later, as it may when a dump is restored.
  await admin.query('ALTER ROLE postgres SET check_function_bodies = off');
  await admin.query(`ALTER ROLE postgres SET ${settingAssignment(`search_path=${searchPath}`)}`);
  const names = source.roles.map(({ name }) => name).filter((name) => name !== 'postgres');
  for (const role of names.map(quoteIdentifier)) {
    await admin.query(`CREATE ROLE ${role} NOLOGIN`);
    await admin.query(`GRANT ${role} TO postgres WITH ADMIN OPTION`);
  }
}

async function createTemplate(admin: Session, encoding: string): Promise<void> {
  // The locale C goes with every encoding, C.UTF-8 only with its own.
  const other = encoding === 'UTF8' ? '' : ` ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`;
  await admin.query(`${createDatabase(template, 'template0')}${other}`);
}

function createDatabase(name: string, from: string): string {
  return `CREATE DATABASE ${quoteIdentifier(name)} OWNER postgres TEMPLATE ${quoteIdentifier(from)}`;
}

/** In the newest version that is installed here; answers those that are not, or that need more than a scratch server gives. */
async function createExtensions({ databases, server, source, signal }: ScratchRequest): Promise<string[]> {
  const session = await databases.connect({ ...server.connection, user: superuser, database: template });
  try {
    const missing: string[] = [];
    for (const { name, schema } of source.extensions) {
      if (schema !== 'pg_catalog') {
        await session.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)} AUTHORIZATION postgres`);
      }
      const place = `WITH SCHEMA ${quoteIdentifier(schema)}`;
      const refusal = await tryQuery(
        session,
        `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)} ${place} CASCADE`,
        signal,
      );
      if (refusal !== undefined) missing.push(name);
    }
    return missing;
  } finally {
    await session.close();
  }
}

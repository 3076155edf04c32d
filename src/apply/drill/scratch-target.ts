import type { ConnectionConfig } from '../../config/project-config.ts';
import type { Databases, ScratchServer, Session } from '../../context.ts';
import type { CatalogRecord } from '../../domain/catalog.ts';
import { indexCatalog } from '../../domain/catalog-index.ts';
import type { Manifest } from '../../domain/manifest.ts';
import { quoteIdentifier } from '../../domain/sql.ts';
import { sqlStateOf } from '../../domain/sql-state.ts';
import { messageOf } from '../../errors.ts';
import { scratchRoleStatements } from './scratch-roles.ts';

/** An empty database in a scratch server, with the roles and extensions of a backup. */
export interface ScratchTarget {
  /** As a role that owns the database, is a member of all others, and is no superuser. */
  readonly connection: ConnectionConfig;
  /** What the server refused of the roles: "setting x of role y: reason". */
  readonly refused: readonly string[];
  /**
   * As a superuser, in the database that is restored into; for the caller to close. Nothing that came out of a backup is ever run by it, but
   * names and literals. It began before anything of the backup was there, and no other superuser's may begin after that: what a database
   * carries (a search_path with operators of its own, libraries, triggers of logins) takes hold of a session when that begins.
   */
  readonly admin: Session;
}

export interface ScratchTargetRequest {
  readonly databases: Databases;
  readonly server: ScratchServer;
  readonly major: number;
  readonly manifest: Pick<Manifest, 'roles' | 'extensions' | 'server'>;
  readonly catalog: readonly CatalogRecord[];
}

const superuser = 'scratch superuser';
const restorer = 'scratch restorer';
const database = 'drill';

/**
 * Prepares it. What a backup holds was written by others, and functions of it run while it is restored and looked at: as a superuser
 * they could run programs on this machine (COPY ... FROM PROGRAM), where the repository's passphrase is. So the role that restores is
 * none, as in `capture/scratch-databases`, and it may create no roles, which before 16 would make it one; what needs a superuser,
 * extensions above all, is made here and comes from this machine alone.
 */
export async function prepareScratchTarget(request: ScratchTargetRequest): Promise<ScratchTarget> {
  const { databases, server } = request;
  const connect = (user: string, name: string): Promise<Session> =>
    databases.connect({ ...server.connection, user, database: name, options: superuserOptions(request.major) });
  await withSession(databases.connect(server.connection), (first) =>
    first.query(`CREATE ROLE ${quoteIdentifier(superuser)} SUPERUSER LOGIN`),
  );
  const refused = await withSession(connect(superuser, 'postgres'), (admin) => makeRoles(admin, request));
  await withSession(connect(superuser, database), (admin) => makeExtensions(admin, request.manifest));
  const admin = await connect(superuser, database);
  return { connection: { ...server.connection, user: restorer, database }, refused, admin };
}

/** They hold for sessions that begin later as well: a watch asks by such a one what a query waits for. */
function superuserOptions(major: number): string {
  const others = major >= 17 ? ['event_triggers=off'] : [];
  return ['search_path=', 'local_preload_libraries=', ...others].map((setting) => `-c ${setting}`).join(' ');
}

async function withSession<Result>(opening: Promise<Session>, work: (session: Session) => Promise<Result>): Promise<Result> {
  const session = await opening;
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function makeRoles(admin: Session, { major, manifest, catalog }: ScratchTargetRequest): Promise<string[]> {
  await admin.query('ALTER ROLE postgres RENAME TO "scratch bootstrap"');
  await admin.query(`CREATE ROLE ${quoteIdentifier(restorer)} LOGIN BYPASSRLS`);
  const statements = scratchRoleStatements(manifest.roles, indexCatalog(catalog), { restorer, major });
  for (const sql of statements.make) await admin.query(sql);
  // For tables of extensions, which belong to who has made those; the server's own catalogs it opens to nobody.
  if (major >= 14) await admin.query(`GRANT pg_read_all_data, pg_write_all_data TO ${quoteIdentifier(restorer)}`);
  // Triggers must not fire for rows that are loaded.
  if (major >= 15) await admin.query(`GRANT SET ON PARAMETER session_replication_role TO ${quoteIdentifier(restorer)}`);
  const { encoding } = manifest.server;
  // The locale C goes with every encoding, C.UTF-8 only with its own.
  const other = encoding === 'UTF8' ? '' : ` ENCODING '${encoding.replaceAll("'", "''")}' LC_COLLATE 'C' LC_CTYPE 'C'`;
  await admin.query(`CREATE DATABASE ${database} OWNER ${quoteIdentifier(restorer)} TEMPLATE template0${other}`);
  const refused: string[] = [];
  for (const { what, sql } of statements.settings) {
    const refusal = await tryStatement(admin, sql);
    if (refusal !== undefined) refused.push(`${what}: ${refusal}`);
  }
  return refused;
}

/** In the version that is installed here. One that is not will be named by the plan of the restore. */
async function makeExtensions(admin: Session, { extensions }: ScratchTargetRequest['manifest']): Promise<void> {
  for (const { name, schema } of extensions) {
    const place = schema === 'pg_catalog' ? '' : ` WITH SCHEMA ${quoteIdentifier(schema)}`;
    await admin.query('BEGIN');
    if (schema !== 'pg_catalog') {
      await admin.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)} AUTHORIZATION ${quoteIdentifier(restorer)}`);
    }
    const refusal = await tryStatement(admin, `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}${place} CASCADE`);
    await admin.query(refusal === undefined ? 'COMMIT' : 'ROLLBACK');
  }
  await giveToRestorer(admin);
}

/**
 * Rights on what belongs to extensions are restored, too, so it has to belong to who restores. That wrappers of foreign data may belong
 * to superusers alone is only looked at in this moment, which nobody outside of the transaction sees. Functions in C and languages that are
 * not trusted stay closed to their owner.
 *
 * Functions that not everybody may call stay the superuser's: their owner may, and nothing but that right stands before some of them
 * (adminpack writes the server's files, dblink_connect_u connects as anybody).
 */
async function giveToRestorer(admin: Session): Promise<void> {
  const role = quoteIdentifier(restorer);
  await admin.query('BEGIN');
  await admin.query(`ALTER ROLE ${role} SUPERUSER`);
  await admin.query(`REASSIGN OWNED BY ${quoteIdentifier(superuser)} TO ${role}`);
  for (const { routine } of await admin.query<{ routine: string }>(closedRoutines, [restorer])) {
    await admin.query(`ALTER ROUTINE ${routine} OWNER TO ${quoteIdentifier(superuser)}`);
  }
  await admin.query(`ALTER ROLE ${role} NOSUPERUSER`);
  await admin.query('COMMIT');
}

/** With the search_path of a superuser's session names and types come out qualified. */
const closedRoutines = `
  SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS routine
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE p.proowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1)
     AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))) a
                      WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')`;

/** Throws when the server does not answer. */
async function tryStatement(session: Session, sql: string): Promise<string | undefined> {
  try {
    await session.query(sql);
    return undefined;
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error;
    return messageOf((error as Error).cause);
  }
}

import type { Session } from '../context.ts';
import { quoteIdentifier } from '../domain/sql.ts';
import { messageOf } from '../errors.ts';

export interface ExtensionFacts {
  /** Those that CREATE EXTENSION makes, or that are there, and in which version. */
  readonly availableExtensions: ReadonlyMap<string, string>;
  /** Those that are on the server and cannot be made, and why: not loaded with the server, or not allowed to this role. */
  readonly refusedExtensions: ReadonlyMap<string, string>;
}

interface ExtensionRow {
  readonly name: string;
  readonly version: string;
  readonly installed: boolean;
}

/**
 * Which of the extensions that a backup wants can be had. That a file is on the server says little (pg_cron has to be loaded with the
 * server, a platform has lists of its own), so each is made, in a transaction that is rolled back.
 */
export async function readExtensions(session: Session, wanted: readonly string[]): Promise<ExtensionFacts> {
  const rows = await session.query<ExtensionRow>(
    `SELECT name, coalesce(installed_version, default_version) AS version, installed_version IS NOT NULL AS installed
       FROM pg_catalog.pg_available_extensions
      WHERE name = ANY ($1)`,
    [wanted],
  );
  const refusedExtensions = new Map<string, string>();
  for (const { name } of rows.filter(({ installed }) => !installed)) {
    const refusal = await tryExtension(session, name);
    if (refusal !== undefined) refusedExtensions.set(name, refusal);
  }
  const available = rows.filter(({ name }) => !refusedExtensions.has(name));
  return { availableExtensions: new Map(available.map(({ name, version }) => [name, version])), refusedExtensions };
}

async function tryExtension(session: Session, name: string): Promise<string | undefined> {
  await session.query('BEGIN');
  try {
    await session.query("SET LOCAL search_path = 'public'");
    await session.query('CREATE SCHEMA IF NOT EXISTS public');
    await session.query(`CREATE EXTENSION ${quoteIdentifier(name)} CASCADE`);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/^PostgreSQL at [^ ]+: /, '');
  } finally {
    await session.query('ROLLBACK');
  }
}

import { constants } from 'node:fs';
import { access, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner, PostgresPrograms } from '../../context.ts';
import { AppError } from '../../errors.ts';

const debianRoot = '/usr/lib/postgresql';

export interface ProgramSearch {
  readonly commands: CommandRunner;
  /** PG_BIN_DIR: when it is set, nothing else is looked at. */
  readonly directory: string | undefined;
  /** PATH. */
  readonly path: string;
}

/**
 * The newest client programs that are at least of `minimumMajor`: pg_dump refuses a server that is newer than itself.
 * Throws AppError tool_missing, with what was found.
 */
export async function findPrograms(search: ProgramSearch, minimumMajor: number): Promise<PostgresPrograms> {
  const { newest, known } = await findNewest(search, inspect);
  if (newest !== undefined && newest.major >= minimumMajor) return newest;
  throw new AppError(
    'tool_missing',
    `PostgreSQL ${minimumMajor} needs pg_dump ${minimumMajor} or newer; found ${known}. Nothing was done.`,
    {
      hint: `Install the package postgresql-client-${minimumMajor} (Debian, or PostgreSQL's own apt repository), or point PG_BIN_DIR to the programs.`,
    },
  );
}

/** What makes a cluster, and runs its server. */
export interface ServerPrograms {
  readonly version: string;
  readonly major: number;
  readonly directory: string;
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The newest server that is at least of `minimumMajor`. It need not be of the version of the client programs: an archive of pg_dump 17
 * goes back into a server 15 that it came from. Throws AppError tool_missing, with what was found.
 */
export async function findServer(search: ProgramSearch, minimumMajor: number): Promise<ServerPrograms> {
  const { newest, known } = await findNewest(search, inspectServer);
  if (newest !== undefined && newest.major >= minimumMajor) return newest;
  throw new AppError(
    'tool_missing',
    `A scratch server needs initdb and postgres of PostgreSQL ${minimumMajor} or newer; found ${known}.`,
    {
      hint: `Install PostgreSQL's server (Debian: postgresql-${minimumMajor}); no cluster of it has to run. Where PG_BIN_DIR is set, it has to be there.`,
    },
  );
}

interface Versioned {
  readonly version: string;
  readonly major: number;
  readonly directory: string;
}

type Inspect<Programs> = (commands: CommandRunner, directory: string) => Promise<Programs | undefined>;

async function findNewest<Programs extends Versioned>(
  search: ProgramSearch,
  look: Inspect<Programs>,
): Promise<{ readonly newest: Programs | undefined; readonly known: string }> {
  const directories = search.directory === undefined ? await candidateDirectories(search.path) : [search.directory];
  const found = (await Promise.all(directories.map((directory) => look(search.commands, directory)))).filter(
    (programs) => programs !== undefined,
  );
  const known = found.map(({ version, directory }) => `${version} in ${directory}`).join(', ') || 'none at all';
  return { newest: found.toSorted((a, b) => b.major - a.major)[0], known };
}

async function candidateDirectories(path: string): Promise<string[]> {
  const majors = await readdir(debianRoot).catch(() => []);
  const debian = majors.map((major) => join(debianRoot, major, 'bin'));
  return [...new Set([...debian, ...path.split(':').filter((directory) => directory.startsWith('/'))])];
}

async function inspect(commands: CommandRunner, directory: string): Promise<PostgresPrograms | undefined> {
  const pgDump = join(directory, 'pg_dump');
  const real = await realpath(pgDump).catch(() => undefined);
  // Debian's /usr/bin/pg_dump is a script that chooses a version by its own rules; the real ones are looked at themselves.
  if (real === undefined || real.endsWith('/pg_wrapper')) return undefined;
  const version = await askVersion(commands, pgDump);
  if (version === undefined) return undefined;
  const at = (name: string): string => join(directory, name);
  return {
    version,
    major: Number.parseInt(version, 10),
    directory,
    pgDump,
    pgDumpall: at('pg_dumpall'),
    pgRestore: at('pg_restore'),
    psql: at('psql'),
  };
}

async function inspectServer(commands: CommandRunner, directory: string): Promise<ServerPrograms | undefined> {
  const [initdb, postgres] = [join(directory, 'initdb'), join(directory, 'postgres')];
  for (const file of [initdb, postgres]) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!isThere) return undefined;
  }
  const version = await askVersion(commands, postgres);
  return version === undefined ? undefined : { version, major: Number.parseInt(version, 10), directory, initdb, postgres };
}

/** `pg_dump (PostgreSQL) 15.8 (Debian 15.8-1)`; undefined from what does not say so. */
async function askVersion(commands: CommandRunner, file: string): Promise<string | undefined> {
  const { exitCode, stdout } = await commands.run({ file, args: ['--version'] });
  const version = /\d+(\.\d+)*\S*/.exec(stdout)?.[0];
  return exitCode === 0 ? version : undefined;
}

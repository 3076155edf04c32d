import { readdir, realpath } from 'node:fs/promises';
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
  const directories = search.directory === undefined ? await candidateDirectories(search.path) : [search.directory];
  const found = (await Promise.all(directories.map((directory) => inspect(search.commands, directory)))).filter(
    (programs) => programs !== undefined,
  );
  const newest = found.toSorted((a, b) => b.major - a.major)[0];
  if (newest !== undefined && newest.major >= minimumMajor) return newest;
  const known = found.map((programs) => `${programs.version} in ${programs.directory}`).join(', ') || 'none at all';
  throw new AppError(
    'tool_missing',
    `PostgreSQL ${minimumMajor} needs pg_dump ${minimumMajor} or newer; found ${known}. Nothing was done.`,
    {
      hint: `Install the package postgresql-client-${minimumMajor} (Debian, or PostgreSQL's own apt repository), or point PG_BIN_DIR to the programs.`,
    },
  );
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
  const { exitCode, stdout } = await commands.run({ file: pgDump, args: ['--version'] });
  const version = /\d+(\.\d+)*\S*/.exec(stdout)?.[0];
  if (exitCode !== 0 || version === undefined) return undefined;
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

import type { PartSource, PostgresPrograms } from '../context.ts';
import { archivePaths } from '../domain/manifest.ts';

export interface RecoveryFacts {
  readonly archive: string;
  readonly repository: string;
  readonly serverVersion: string;
  readonly programs: PostgresPrograms;
}

/** RECOVERY.md: how to get everything back with Borg and PostgreSQL's own programs alone. */
export function captureRecovery(facts: RecoveryFacts): PartSource {
  return { path: archivePaths.recovery, text: () => Promise.resolve(writeRecovery(facts)) };
}

function writeRecovery(facts: RecoveryFacts): string {
  const { archive, programs } = facts;
  return `# How to restore this backup by hand

This archive was written by supabase-backup-agent. You do not need that program to read it: Borg and PostgreSQL's client
programs, version ${programs.major} or newer, are enough (Debian: \`apt install borgbackup postgresql-client\`).

You need: the repository, its passphrase, and, when the repository itself is damaged, the exported key.

    export BORG_REPO='${facts.repository.replaceAll("'", String.raw`'\''`)}'
    borg list                                    # asks for the passphrase
    mkdir restore && cd restore                  # with room for the whole dump
    borg extract "::${archive}"

An archive is a whole backup only if it holds \`${archivePaths.manifest}\`. That file says what was captured, what was not
(\`coverage\`), and how many rows each table had (\`tables\`).

## 1. An empty database

The source was PostgreSQL ${facts.serverVersion}. The target has to be of that major version or newer, with the same extensions
available (\`extensions\` in \`${archivePaths.manifest}\`).

    createdb restored

## 2. Roles

\`${archivePaths.roles}\` creates every role of the source, without passwords. Roles that exist already answer with an error that may be
ignored. The role that you connect as stays what it is: on a hosted project \`postgres\` is no superuser, and would be none here afterwards.
Set a password for each role that logs in.

    grep -vF "ALTER ROLE $(psql -d postgres -XAtc 'SELECT quote_ident(current_user)') WITH " ${archivePaths.roles} | psql -X -d postgres

## 3. Everything else, all or nothing

    pg_restore --exit-on-error --single-transaction --dbname=restored ${archivePaths.dump}

Faster, on several cores, but what was restored before an error stays:

    pg_restore --jobs=4 --dbname=restored ${archivePaths.dump}
${writeOlderTarget(facts)}
One table only:

    pg_restore --data-only --schema=public --table=NAME --dbname=restored ${archivePaths.dump}

Without extracting it to disk first:

    borg extract --stdout "::${archive}" ${archivePaths.dump} | pg_restore --exit-on-error --single-transaction --dbname=restored

## 4. Compare

    psql -d restored -Atc 'SELECT count(*) FROM public.NAME'

with the number of rows in \`${archivePaths.manifest}\`.

## What else is in here

- \`${archivePaths.schema}\`: all definitions as plain SQL, to read or to compare
- \`${archivePaths.history}\`: the migration history of the Supabase CLI, if the project had one
`;
}

/** An older pg_restore does not read the dump, so there is no way around it (src/apply/older-target.ts). */
function writeOlderTarget({ serverVersion, programs }: RecoveryFacts): string {
  if (programs.major < 17 || Number.parseInt(serverVersion, 10) >= 17) return '';
  return `
On a target before PostgreSQL 17 the first command fails with \`unrecognized configuration parameter "transaction_timeout"\` (with
--jobs that message is harmless). There, leave that one statement out:

    pg_restore --single-transaction --file=- ${archivePaths.dump} | sed '0,/^SET transaction_timeout = 0;$/{//d}' |
      psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --dbname=restored
`;
}

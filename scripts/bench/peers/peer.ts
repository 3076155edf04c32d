/** Where a tool finds and puts things. */
export interface Place {
  /** Its home: configuration, caches, state and temporary files, hence everything that it writes besides its repository. */
  readonly home: string;
  readonly repository: string;
  /** Of the database that is backed up, and of the server that a restore goes to. */
  readonly source: Address;
  readonly target: Address;
}

export interface Address {
  readonly socketDirectory: string;
  readonly port: number;
}

/** The database has the same name on both servers: borgmatic 1.7 restores into no other. */
export const database = 'shop';
/** The table that is restored alone. */
export const oneTable = 'events';
/** What any backup has to spend: the unit of the ratios. */
export const rawDump = `pg_dump -Fc -Z0 ${database} > /dev/null`;
export const passphrase = 'bench';

export type Step = 'init' | 'backup' | 'restore' | 'restoreTable' | 'verify' | 'list';

/** One way of backing up, as shell scripts like an administrator's, for `bash -euo pipefail`. */
export interface Peer {
  /** A heading in a table. */
  readonly name: string;
  /** Files in its home, by name, that are there before `init`. */
  readonly files: Readonly<Record<string, string>>;
  /** On top of PATH, HOME and PGHOST, PGPORT and PGUSER of the source. */
  readonly environment: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<Step, string>>;
}

/** Puts a command of PostgreSQL's before the target instead of the source. */
export function onTarget({ target }: Place, command: string): string {
  return `PGHOST=${target.socketDirectory} PGPORT=${target.port} ${command}`;
}

/** The agent gathers statistics after a restore, and so does borgmatic. */
export function analyze(place: Place): string {
  return onTarget(place, `psql --quiet --dbname=${database} --command=ANALYZE`);
}

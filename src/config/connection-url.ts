import { sslModes, type SslMode } from './project-config.ts';

/** What a connection string says; undefined where it says nothing and there is no default. */
export interface ConnectionUrl {
  /** A name, an address, or the directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  readonly sslMode: SslMode | undefined;
  readonly sslRootCertificate: string | undefined;
  /** Names of parameters that mean nothing to us. */
  readonly ignoredParameters: readonly string[];
}

/** Parameters that people write into connection strings (libpq, Prisma, pgbouncer); others do not tell where a query begins. */
const knownParameters: ReadonlySet<string> = new Set(
  [
    'host port user password dbname sslmode sslrootcert sslcert sslkey sslcrl sslsni ssl gssencmode channel_binding options',
    'application_name connect_timeout target_session_attrs client_encoding keepalives',
    'pgbouncer schema connection_limit pool_timeout statement_cache_size sslaccept supa',
  ].flatMap((line) => line.split(' ')),
);

/** host[:port][/database][?parameter=value&...], where the host may be empty, in brackets, or percent-encoded. */
const locationPattern =
  /^(?<host>\[[0-9A-Fa-f:.%]+\]|[\w.%-]*)(?::(?<port>\d*))?(?:\/(?<database>[^?]*))?(?:\?(?<query>\w+=[^&]*(?:&\w+=[^&]*)*&?)?)?$/su;

interface Location {
  /** Where it begins in the text, after the @ if there is one. */
  readonly start: number;
  readonly host: string;
  readonly port: string | undefined;
  readonly database: string;
  readonly query: string;
}

/**
 * Reads a connection string the way people write them: passwords may hold any character, percent-encoded or not. Escapes
 * are decoded where all of a part are valid; otherwise the part is taken as it stands. What is wrong comes back as a text
 * that never quotes the string, since it holds the password.
 */
export function parseConnectionUrl(text: string): ConnectionUrl | { readonly problem: string } {
  const scheme = /^postgres(?:ql)?:\/\//i.exec(text);
  if (scheme === null) return { problem: 'does not begin with postgresql://' };
  const rest = text.slice(scheme[0].length);
  const location = findLocation(rest);
  if (location === undefined)
    return { problem: 'has no host, port and database that can be read: USER:PASSWORD@HOST:5432/DATABASE' };
  const parameters = readParameters(location.query);
  const [user, password] = splitCredentials(rest.slice(0, Math.max(0, location.start - 1)));
  return checkUrl(
    {
      host: parameters.get('host') ?? decode(location.host.replaceAll(/[[\]]/g, '')),
      user: parameters.get('user') ?? user ?? 'postgres',
      database: parameters.get('dbname') ?? (location.database === '' ? 'postgres' : decode(location.database)),
      password: parameters.get('password') ?? password,
      sslRootCertificate: parameters.get('sslrootcert'),
      ignoredParameters: [...parameters.keys()].filter((name) => !usedParameters.has(name)),
    },
    { port: parameters.get('port') ?? location.port ?? '', sslMode: parameters.get('sslmode') },
  );
}

const usedParameters: ReadonlySet<string> = new Set(['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'sslrootcert']);

function checkUrl(
  url: Omit<ConnectionUrl, 'port' | 'sslMode'>,
  { port, sslMode }: { readonly port: string; readonly sslMode: string | undefined },
): ConnectionUrl | { readonly problem: string } {
  if (url.host === '') return { problem: 'names no host; for a unix socket add ?host=/var/run/postgresql' };
  const portNumber = port === '' ? 5432 : Number(port);
  if (!Number.isInteger(portNumber) || portNumber < 1 || portNumber > 65535) return { problem: 'has a port that is none' };
  // libpq's "allow" tries without TLS first; "prefer" differs only in trying with TLS first.
  const mode = sslMode === 'allow' ? 'prefer' : sslMode;
  if (mode !== undefined && !isSslMode(mode)) return { problem: `has an sslmode that is none: use ${sslModes.join(', ')}` };
  return { ...url, port: portNumber, sslMode: mode };
}

function isSslMode(text: string): text is SslMode {
  return (sslModes as readonly string[]).includes(text);
}

/**
 * Finds where the host begins: behind the last @ that something like a host follows, for the password may hold any number
 * of them; but an @ in the parameters (`?application_name=backup@home`) is none of these.
 */
function findLocation(text: string): Location | undefined {
  const starts = text.includes('@') ? [...text.matchAll(/@/g)].map((match) => match.index + 1) : [0];
  const locations = starts.map((start) => readLocation(text, start)).filter((location) => location !== undefined);
  return locations.find(({ query }) => query.includes('@') && hasOnlyKnownParameters(query)) ?? locations.at(-1);
}

function readLocation(text: string, start: number): Location | undefined {
  const groups = locationPattern.exec(text.slice(start))?.groups;
  if (groups === undefined) return undefined;
  return {
    start,
    host: groups['host'] ?? '',
    port: groups['port'],
    database: groups['database'] ?? '',
    query: groups['query'] ?? '',
  };
}

function hasOnlyKnownParameters(query: string): boolean {
  return [...readParameters(query).keys()].every((name) => knownParameters.has(name));
}

function readParameters(query: string): Map<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const separator = pair.indexOf('=');
      return [pair.slice(0, separator), decode(pair.slice(separator + 1))];
    }),
  );
}

/** The user ends at the first colon; an empty part is as good as none. */
function splitCredentials(text: string): [string | undefined, string | undefined] {
  const separator = text.indexOf(':');
  const user = separator < 0 ? text : text.slice(0, separator);
  const password = separator < 0 ? '' : text.slice(separator + 1);
  return [user === '' ? undefined : decode(user), password === '' ? undefined : decode(password)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that is meant as one.
    return text;
  }
}

import { Secret, type ConnectionConfig, type SslMode } from './project-config.ts';
import type { DatabaseSettings } from './schema.ts';

/** Everything but the password, which may have to be asked for. */
type Address = Omit<ConnectionConfig, 'password'>;

export interface Connection {
  readonly connection: ConnectionConfig;
  /** Whether it will do without a password: 'required' where the server surely wants one, 'possible' where it may. */
  readonly password: 'known' | 'required' | 'possible';
  readonly warnings: readonly string[];
}

/**
 * Makes a connection of the variables of a database; undefined when they name none.
 * @param prefix of the variables' names, for messages: TEST_
 */
export function toConnection(settings: DatabaseSettings, prefix: string): Connection | undefined {
  const address = settings.SUPABASE_DB_URL === undefined ? ofProject(settings) : ofUrl(settings);
  if (address === undefined) return undefined;
  const password = settings.SUPABASE_DB_URL?.password ?? settings.SUPABASE_DB_PASSWORD;
  return {
    connection: { ...address, password: password === undefined ? undefined : new Secret(password) },
    password: password === undefined ? judgeMissingPassword(address.host) : 'known',
    warnings: settings.SUPABASE_DB_URL === undefined ? [] : warnOfUnused(settings, prefix),
  };
}

function ofUrl({ SUPABASE_DB_URL: url, SUPABASE_DB_CA_FILE: caFile }: DatabaseSettings): Address {
  const { host, port, user, database, sslMode, sslRootCertificate } = url!;
  const certificate = caFile ?? sslRootCertificate;
  return { host, port, user, database, sslMode: sslMode ?? chooseSslMode(host, certificate), sslRootCertificate: certificate };
}

/** Through the pooler a user is called `postgres.REF`, so that it knows which project is meant. */
function ofProject(settings: DatabaseSettings): Address | undefined {
  const reference = settings.SUPABASE_PROJECT_REF;
  if (reference === undefined) return undefined;
  const directHost = `db.${reference}.supabase.co`;
  const host = settings.SUPABASE_DB_HOST ?? directHost;
  const user = host === directHost ? 'postgres' : `postgres.${reference}`;
  const certificate = settings.SUPABASE_DB_CA_FILE;
  const sslMode = certificate === undefined ? 'require' : 'verify-full';
  return { host, port: 5432, user, database: 'postgres', sslMode, sslRootCertificate: certificate };
}

function chooseSslMode(host: string, certificate: string | undefined): SslMode {
  if (host.startsWith('/')) return 'disable';
  if (certificate !== undefined) return 'verify-full';
  return isSupabaseHost(host) ? 'require' : 'prefer';
}

function isSupabaseHost(host: string): boolean {
  return /\.supabase\.(co|com)$/.test(host);
}

function judgeMissingPassword(host: string): Connection['password'] {
  if (isSupabaseHost(host)) return 'required';
  // Servers on the same machine commonly trust it, or ask the system who we are.
  return /^(\/|localhost$|127\.|::1$)/.test(host) ? 'known' : 'possible';
}

function warnOfUnused(settings: DatabaseSettings, prefix: string): string[] {
  const url = settings.SUPABASE_DB_URL!;
  const reference = settings.SUPABASE_PROJECT_REF;
  const unused: (keyof DatabaseSettings)[] = [];
  // Its own project's reference, which stands in the URL as well, does no harm.
  if (reference !== undefined && !`${url.host} ${url.user}`.includes(reference)) unused.push('SUPABASE_PROJECT_REF');
  if (settings.SUPABASE_DB_PASSWORD !== undefined && url.password !== undefined) unused.push('SUPABASE_DB_PASSWORD');
  if (settings.SUPABASE_DB_HOST !== undefined) unused.push('SUPABASE_DB_HOST');
  const warnings = unused.map(
    (name) => `${prefix}${name} is not used for the database, because ${prefix}SUPABASE_DB_URL is set`,
  );
  if (url.ignoredParameters.length > 0) {
    warnings.push(`${prefix}SUPABASE_DB_URL has parameters that are not used: ${url.ignoredParameters.join(', ')}`);
  }
  return warnings;
}

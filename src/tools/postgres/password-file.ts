import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionConfig } from '../../config/project-config.ts';
import { AppError } from '../../errors.ts';
import { applicationName } from './client.ts';

/**
 * The environment with which pg_dump, psql and so on reach a server. A password goes into a password file (0600) in the private
 * `directory`, since libpq takes it from no pipe; it stands neither in the environment nor on a command line.
 * https://www.postgresql.org/docs/current/libpq-pgpass.html
 */
export async function clientEnvironment(connection: ConnectionConfig, directory: string): Promise<Record<string, string>> {
  const environment: Record<string, string> = {
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.user,
    PGDATABASE: connection.database,
    PGSSLMODE: connection.sslMode,
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: '30',
  };
  if (connection.sslRootCertificate !== undefined) environment['PGSSLROOTCERT'] = connection.sslRootCertificate;
  if (connection.options !== undefined) environment['PGOPTIONS'] = connection.options;
  environment['PGPASSFILE'] = join(directory, 'pgpass');
  if (connection.password !== undefined) {
    await writeFile(environment['PGPASSFILE'], passwordLine(connection.password.reveal()), { mode: 0o600 });
  }
  return environment;
}

/** One line that fits every host, port, database and user; colons and backslashes are escaped. */
export function passwordLine(password: string): string {
  if (/[\n\r\0]/.test(password)) {
    throw new AppError('configuration', 'The database password holds a line break, which no PostgreSQL client can take.', {
      hint: 'Set a password without line breaks: ALTER ROLE ... PASSWORD, or the dashboard under Database, Settings.',
    });
  }
  return `*:*:*:*:${password.replaceAll(/[\\:]/g, '\\$&')}\n`;
}

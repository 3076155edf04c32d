import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import type { ConnectionConfig } from '../../config/project-config.ts';
import { AppError } from '../../errors.ts';

/** What node-postgres needs for an sslmode of libpq; false means no TLS. A unix socket never has TLS. */
export async function tlsOptions(connection: ConnectionConfig): Promise<false | ConnectionOptions> {
  if (connection.sslMode === 'disable' || connection.host.startsWith('/')) return false;
  if (connection.sslMode === 'prefer' || connection.sslMode === 'require') return { rejectUnauthorized: false };
  const ca = connection.sslRootCertificate === undefined ? {} : { ca: await readCertificate(connection.sslRootCertificate) };
  // verify-ca checks who signed the certificate, not for which host.
  return connection.sslMode === 'verify-ca' ? { ...ca, checkServerIdentity: () => undefined } : ca;
}

async function readCertificate(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new AppError('configuration', `The CA certificate ${path} cannot be read: ${(error as Error).message}.`, {
      hint: "Correct SUPABASE_DB_CA_FILE; Supabase's certificate is to be had in the dashboard under Database, Settings.",
      cause: error,
    });
  }
}

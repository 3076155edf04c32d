import type { ConnectionConfig } from '../../config/project-config.ts';
import type { Snapshot } from '../../context.ts';
import { ok, warn, type Finding } from './finding.ts';

/** Whether others on the way could read or change what a backup reads. */
export async function checkTls(snapshot: Snapshot, connection: ConnectionConfig): Promise<Finding> {
  const [row] = await snapshot.query<{ ssl: boolean }>(
    'SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()',
  );
  return judgeTls(connection, row?.ssl ?? false);
}

/** `encrypted` is what the server says, which behind a pooler is the way from there: it counts only where TLS is optional. */
export function judgeTls({ host, sslMode }: Pick<ConnectionConfig, 'host' | 'sslMode'>, encrypted: boolean): Finding {
  const check = 'tls';
  if (/^(\/|localhost$|127\.|::1$)/.test(host)) return ok(check, 'not needed: the server is on this machine');
  if (sslMode === 'verify-full') return ok(check, 'encrypted, and the certificate is verified');
  const verify =
    'Set SUPABASE_DB_CA_FILE to the CA certificate of the server (Supabase: dashboard, Database, Settings, SSL). It makes the ' +
    'connection sslmode=verify-full, unless SUPABASE_DB_URL has another sslmode: then take that out.';
  if (sslMode === 'verify-ca') {
    return warn(check, 'encrypted, but the certificate may be that of another host (sslmode=verify-ca)', verify);
  }
  const isEncrypted = sslMode === 'require' || (sslMode === 'prefer' && encrypted);
  const detail = isEncrypted
    ? 'encrypted, but the certificate is not verified: somebody on the way could pass for the server'
    : 'NOT encrypted: everybody on the way can read the data';
  return warn(check, `${detail} (sslmode=${sslMode})`, verify);
}

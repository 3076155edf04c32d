import type { ConnectionConfig } from '../config/project-config.ts';
import type { RunContext, Session } from '../context.ts';
import type { TargetKind } from '../domain/selection.ts';

interface KindRow {
  readonly platform: boolean;
  readonly superuser: boolean;
}

/**
 * Supabase's own roles and schemas make a platform; whether it is hosted or one's own shows in whether a superuser is to be had.
 */
export async function queryKind(session: Pick<Session, 'query'>): Promise<TargetKind> {
  const [row] = await session.query<KindRow>(`
    SELECT (SELECT pg_catalog.count(*) = 4 FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role', 'supabase_admin'))
             AND (SELECT pg_catalog.count(*) = 2 FROM pg_catalog.pg_namespace WHERE nspname IN ('auth', 'storage')) AS platform,
           rolsuper AS superuser
      FROM pg_catalog.pg_roles WHERE rolname = current_user`);
  if (!row!.platform) return 'plain';
  return row!.superuser ? 'self-hosted' : 'hosted';
}

/** Throws AppError source_unreachable. */
export async function readKind(context: RunContext, connection: ConnectionConfig): Promise<TargetKind> {
  const session = await context.databases.connect(connection);
  try {
    return await queryKind(session);
  } finally {
    await session.close();
  }
}

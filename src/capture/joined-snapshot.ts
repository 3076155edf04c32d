import type { ConnectionConfig } from '../config/project-config.ts';
import type { Databases, Snapshot } from '../context.ts';
import { quoteLiteral } from '../domain/sql.ts';

/**
 * A second session that sees what an exported snapshot sees, for work beside that of the first: a session answers one question
 * after the other. The snapshot has to be open until this has come back; `close` does not touch it.
 */
export async function joinSnapshot(
  databases: Databases,
  connection: ConnectionConfig,
  snapshotId: Snapshot['id'],
): Promise<Snapshot> {
  const session = await databases.connect(connection);
  try {
    await session.query('SET row_security = off');
    await session.query("SELECT pg_catalog.set_config('search_path', '', false)");
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await session.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshotId)}`);
    return { id: snapshotId, ...session };
  } catch (error) {
    await session.close();
    throw error;
  }
}

import type { Session } from '../context.ts';
import { countRowsQuery, copyRowsStatement } from '../domain/sql.ts';

/** Sent once in a transaction before its first `countTable` or `undoFailure`: what fails then does not end the transaction. */
export const guardFailures = 'SAVEPOINT agent_count';

/** Throws in its turn when the connection is lost. */
export async function undoFailure(session: Pick<Session, 'query'>): Promise<void> {
  await session.query('ROLLBACK TO SAVEPOINT agent_count');
}

/**
 * Counts the rows of one table itself. A broken index, or one whose function fails while a query is planned, keeps a SELECT from
 * counting and pg_dump from nothing: COPY, which looks at no index, counts then. Throws what COPY says.
 */
export async function countTable(
  session: Pick<Session, 'query'>,
  table: { readonly schema: string; readonly name: string },
): Promise<number> {
  try {
    return await count(session, countRowsQuery(table));
  } catch {
    await undoFailure(session);
    return count(session, copyRowsStatement(table));
  }
}

async function count(session: Pick<Session, 'query'>, sql: string): Promise<number> {
  const [row] = await session.query<{ rows: string }>(sql);
  return Number(row!.rows);
}

import type { Session } from '../context.ts';
import { qualifyName } from '../domain/sql.ts';
import { messageOf } from '../errors.ts';

/**
 * Gathers the planner's statistics of a whole database; answers warnings. One expression that raises an error over the rows there
 * are (statistics objects may hold such) ends ANALYZE for all tables after it: they are then looked at one by one.
 */
export async function analyze(session: Session): Promise<string[]> {
  try {
    await session.query('ANALYZE');
    return [];
  } catch {
    return analyzeEach(session);
  }
}

async function analyzeEach(session: Session): Promise<string[]> {
  const tables = await session.query<{ schema: string; name: string }>(`
    SELECT n.nspname AS schema, c.relname AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
     ORDER BY n.nspname, c.relname`);
  const warnings: string[] = [];
  for (const table of tables) {
    try {
      await session.query(`ANALYZE ${qualifyName(table)}`);
    } catch (error) {
      // Throws in its turn when the connection is lost.
      await session.query('SELECT 1');
      warnings.push(`there are no statistics for the planner on ${table.schema}.${table.name} (${messageOf(error)})`);
    }
  }
  return warnings;
}

import type { TestDatabase } from './database.ts';

/** Whoever dumps the table waits until `release`. */
export async function holdDumps(database: TestDatabase): Promise<{ release(): Promise<void> }> {
  await database.query('CREATE TABLE IF NOT EXISTS public.held (id int)');
  await database.query('BEGIN; LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE');
  return { release: async () => void (await database.query('ROLLBACK')) };
}

import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * A lock that the kernel gives back whenever the process ends, kill -9 included: SQLite's exclusive lock on an empty database.
 * Nothing is written, so nothing can be stale. Undefined when another process (or another lock of this one) holds it.
 */
export function tryLock(path: string): { release(): void } | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    chmodSync(path, 0o600);
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5;
  return (error as { errcode?: number }).errcode === sqliteBusy;
}

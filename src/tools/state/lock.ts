import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { sqliteCode, sqliteCodes } from '../sqlite-code.ts';

/**
 * A lock that the kernel gives back whenever the process ends, kill -9 included: SQLite's exclusive lock on an empty database.
 * Nothing is written, so nothing can be stale. Undefined when another process (or another lock of this one) holds it.
 */
export function tryLock(path: string): { release(): void } | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    chmodSync(path, 0o600);
    // Its journal would want room on a disk that may be full.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (sqliteCode(error) === sqliteCodes.busy) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDamage } from './disk.ts';

/** Raised with every change of the tables; an index of another version is made anew. */
const version = 2;

/**
 * `changed` is updated_at in a form that can be compared, whoever wrote it; `user_metadata` JSON text, for inventories that do not tell it;
 * `inventory` the one that it was stored for.
 */
const indexTables = `
  CREATE TABLE files (
    bucket TEXT NOT NULL, name TEXT NOT NULL, version TEXT, e_tag TEXT, size INTEGER, changed TEXT, user_metadata TEXT,
    inventory TEXT, path TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY (bucket, name)) STRICT, WITHOUT ROWID;`;

const inventoryTables = `
  CREATE TABLE inventory.buckets (id TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE inventory.objects (
    bucket TEXT NOT NULL, name TEXT NOT NULL, version TEXT, e_tag TEXT, size INTEGER, changed TEXT,
    updated_at TEXT, row TEXT NOT NULL,
    PRIMARY KEY (bucket, name)) STRICT, WITHOUT ROWID;`;

/**
 * The index (index.db) with the inventory (inventory.db) attached. The inventory lives as long as the process: it is made anew here,
 * and never synchronized. `fill` is called once for an index that was missing, damaged or of another version, in the transaction that
 * makes it: so one that was interrupted there is made again.
 */
export function openDatabase(directory: string, fill: (database: DatabaseSync) => void): DatabaseSync {
  const path = join(directory, 'index.db');
  const database = openWhole(path) ?? createAnew(path, fill);
  const inventory = join(directory, 'inventory.db');
  removeDatabase(inventory);
  database.prepare('ATTACH ? AS inventory').run(inventory);
  chmodSync(inventory, 0o600);
  database.exec(`PRAGMA inventory.journal_mode = MEMORY; PRAGMA inventory.synchronous = OFF; ${inventoryTables}`);
  return database;
}

/** Undefined when it has to be made anew. */
function openWhole(path: string): DatabaseSync | undefined {
  if (!existsSync(path)) return undefined;
  const database = new DatabaseSync(path);
  try {
    const [check] = database.prepare('PRAGMA quick_check(1)').all();
    const [stored] = database.prepare('PRAGMA user_version').all();
    if (check?.['quick_check'] === 'ok' && stored?.['user_version'] === version) return configure(database, path);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  database.close();
  return undefined;
}

function createAnew(path: string, fill: (database: DatabaseSync) => void): DatabaseSync {
  removeDatabase(path);
  const database = configure(new DatabaseSync(path), path);
  database.exec(`BEGIN; ${indexTables}`);
  fill(database);
  database.exec(`PRAGMA user_version = ${version}; COMMIT`);
  return database;
}

/** NORMAL: when the machine goes down, the index may lose what it learnt last, and stays whole. */
function configure(database: DatabaseSync, path: string): DatabaseSync {
  chmodSync(path, 0o600);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  return database;
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { recursive: true, force: true });
}

import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteCode, sqliteCodes } from '../sqlite-code.ts';
import { isDamage } from './disk.ts';
import { defineSeal, sealWith } from './seal.ts';

/** Raised with every change of the tables; an index of another version is made anew. */
const version = 3;

/**
 * `changed` is updated_at in a form that can be compared, whoever wrote it; `user_metadata` JSON text, for inventories that do not tell it;
 * `inventory` the one that it was stored for; `touched` when the file was last changed in any way (ctime, microseconds) as its SHA-256 was
 * known to be that of its bytes, null when that has to be seen again; `seal` a checksum of all of it.
 */
const filesTable = `CREATE TABLE files (
    bucket TEXT NOT NULL, name TEXT NOT NULL, version TEXT, e_tag TEXT, size INTEGER, changed TEXT, user_metadata TEXT,
    inventory TEXT, path TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, touched INTEGER, seal INTEGER NOT NULL,
    PRIMARY KEY (bucket, name)) STRICT, WITHOUT ROWID`;

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
    if (isWhole(database)) return configure(database, path);
  } catch (error) {
    // Into a file whose head says that a newer SQLite has written it nothing can be written.
    if (!isDamage(error) && sqliteCode(error) !== sqliteCodes.readOnly) throw error;
  }
  database.close();
  return undefined;
}

/** Each of them fits into its place, is of this version, and says what was written. */
function isWhole(database: DatabaseSync): boolean {
  const ask = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
  defineSeal(database);
  return (
    ask('PRAGMA quick_check(1)') === 'ok' &&
    ask('PRAGMA user_version') === version &&
    ask("SELECT sql FROM sqlite_schema WHERE name = 'files'") === filesTable &&
    ask(`SELECT count(*) FROM files AS f WHERE f.seal IS NOT ${sealWith()}`) === 0
  );
}

function createAnew(path: string, fill: (database: DatabaseSync) => void): DatabaseSync {
  removeDatabase(path);
  const database = configure(new DatabaseSync(path), path);
  defineSeal(database);
  database.exec(`BEGIN; ${filesTable};`);
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

import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { DrillRecord, IndexedArchive, RunRecord, StateStore } from '../../state-store.ts';
import { killedRun } from '../../domain/killed-run.ts';
import type { RunEnd } from '../../domain/run-event.ts';
import type { LiftedLimits } from '../../domain/storage/settings.ts';
import { RunGoingOnError, AppError } from '../../errors.ts';
import { isDiskFull } from '../sqlite-code.ts';
import { tryLock } from './lock.ts';

/** Raised with every change of a table; an older file is brought up to date by the statements it has not seen yet. */
const migrations = [
  `CREATE TABLE runs (
     run_id TEXT PRIMARY KEY, command TEXT NOT NULL, status TEXT NOT NULL, started_at TEXT NOT NULL, duration_ms INTEGER,
     backup_id TEXT, error_code TEXT, error_message TEXT) STRICT;
   CREATE INDEX runs_started_at ON runs (started_at);
   CREATE TABLE archives (
     archive_id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, chunker_params TEXT NOT NULL,
     original_bytes INTEGER, deduplicated_bytes INTEGER) STRICT;
   CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`,
  // With commas between; before there was Storage, a run made an archive of the database alone.
  "ALTER TABLE archives ADD COLUMN run_kinds TEXT NOT NULL DEFAULT 'database'",
  // Types as a JSON array; null for all.
  `CREATE TABLE lifted_limits (
     url TEXT NOT NULL, bucket TEXT NOT NULL, file_size_limit INTEGER, allowed_mime_types TEXT, PRIMARY KEY (url, bucket)) STRICT`,
];

/**
 * Which run is the newest goes by rowid, the order in which they began: clocks are set back, and a failure of now must not stand behind
 * what was done by a clock that was ahead.
 * Of the columns that are not aggregated SQLite takes those of the row with the maximum: https://www.sqlite.org/lang_select.html#bareagg
 */
const newestDrills = `SELECT backup_id, status, started_at, max(rowid) FROM runs
  WHERE command = 'drill' AND backup_id IS NOT NULL AND (status IN ('complete', 'incomplete') OR error_code = 'verification_failed')
  GROUP BY backup_id ORDER BY backup_id`;

const keyExportedFact = 'key_exported_at';
const measurementsFact = 'measurements';
/** Whoever waits holds all others up that want to look. */
const readerTimeoutMs = 500;
const anyStatus: readonly RunRecord['status'][] = ['running', 'complete', 'incomplete', 'failed'];

/** Opens the state of one project in `directory`, which is made when it is missing. */
export function openStateStore(directory: string): StateStore {
  return createStore(openDatabase(directory), directory);
}

/** The same for a short look: nothing is made or changed, and what is not there yet is empty. Throws what SQLite throws. */
export function openStateReader(directory: string): StateStore {
  const path = join(directory, 'state.db');
  if (existsSync(path)) return createStore(new DatabaseSync(path, { readOnly: true, timeout: readerTimeoutMs }), directory);
  const empty = new DatabaseSync(':memory:');
  migrate(empty);
  return createStore(empty, directory);
}

function createStore(database: DatabaseSync, directory: string): StateStore {
  const lockPath = join(directory, 'lock.db');
  const all = (sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] => database.prepare(sql).all(...values);
  const run = (sql: string, ...values: SQLInputValue[]): void => {
    try {
      database.prepare(sql).run(...values);
    } catch (error) {
      throw isDiskFull(error) ? fullError(directory, error) : error;
    }
  };

  const noteFact = (name: string, value: string | undefined): void => {
    if (value === undefined) run('DELETE FROM facts WHERE name = ?', name);
    else run('INSERT OR REPLACE INTO facts VALUES (?, ?)', name, value);
  };
  const fact = (name: string): string | undefined => {
    const [row] = all('SELECT value FROM facts WHERE name = ?', name);
    return row === undefined ? undefined : String(row['value']);
  };

  return {
    async acquireLock() {
      const lock = await tryLockAgain(lockPath);
      if (lock === undefined)
        throw lockedError(all("SELECT * FROM runs WHERE status = 'running' ORDER BY rowid DESC LIMIT 1").map(toRun)[0]);
      const { status, errorCode, errorMessage } = killedRun;
      const end = "UPDATE runs SET status = ?, error_code = ?, error_message = ? WHERE status = 'running'";
      run(end, status, errorCode, errorMessage);
      return lock;
    },
    isLocked() {
      const lock = tryLock(lockPath);
      lock?.release();
      return lock === undefined;
    },
    startRun(record) {
      run(
        "INSERT INTO runs (run_id, command, status, started_at, backup_id) VALUES (?, ?, 'running', ?, ?)",
        record.runId,
        record.command,
        record.startedAt.toISOString(),
        record.backupId ?? null,
      );
    },
    nameBackup: (runId, backupId) => run('UPDATE runs SET backup_id = ? WHERE run_id = ?', backupId, runId),
    finishRun(runId, outcome) {
      run(
        'UPDATE runs SET status = ?, duration_ms = ?, error_code = ?, error_message = ? WHERE run_id = ?',
        outcome.status,
        outcome.durationMs ?? null,
        outcome.errorCode ?? null,
        outcome.errorMessage ?? null,
        runId,
      );
    },
    listRuns: (limit) => all('SELECT * FROM runs ORDER BY rowid DESC LIMIT ?', limit).map(toRun),
    newestRun(command, statuses = anyStatus) {
      const where = "command = ? AND status IN (SELECT value FROM json_each(?)) AND error_code IS NOT 'cancelled'";
      const sql = `SELECT * FROM runs WHERE ${where} ORDER BY rowid DESC LIMIT 1`;
      return all(sql, command, JSON.stringify(statuses)).map(toRun)[0];
    },
    countRuns: () =>
      all(
        "SELECT command, iif(error_code = 'cancelled', 'cancelled', status) AS how, count(*) AS count FROM runs WHERE status <> 'running' GROUP BY command, how",
      ).map(toRunCount),
    drills: () => all(newestDrills).map(toDrill),
    indexedArchives: () => all('SELECT * FROM archives').map(toArchive),
    indexArchive(archive) {
      run(
        'INSERT OR REPLACE INTO archives VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        archive.archiveId,
        archive.name,
        archive.kind,
        archive.status,
        archive.chunkerParams,
        archive.sizes?.originalBytes ?? null,
        archive.sizes?.deduplicatedBytes ?? null,
        archive.runKinds.join(','),
      );
    },
    forgetArchives(archiveIds) {
      for (const id of archiveIds) run('DELETE FROM archives WHERE archive_id = ?', id);
    },
    noteLiftedLimits({ url, bucket, fileSizeLimit, allowedMimeTypes }) {
      const types = allowedMimeTypes === null ? null : JSON.stringify(allowedMimeTypes);
      run('INSERT OR REPLACE INTO lifted_limits VALUES (?, ?, ?, ?)', url, bucket, fileSizeLimit, types);
    },
    liftedLimits: () => all('SELECT * FROM lifted_limits ORDER BY url, bucket').map(toLiftedLimits),
    forgetLiftedLimits: ({ url, bucket }) => run('DELETE FROM lifted_limits WHERE url = ? AND bucket = ?', url, bucket),
    noteFact,
    fact,
    noteKeyExported: (at) => noteFact(keyExportedFact, at.toISOString()),
    keyExportedAt() {
      const at = fact(keyExportedFact);
      return at === undefined ? undefined : new Date(at);
    },
    noteMeasurements: (json) => noteFact(measurementsFact, json),
    measurements: () => fact(measurementsFact),
    close: () => database.close(),
  };
}

/** Whoever only asks whether it is held holds it for a moment, too. */
async function tryLockAgain(path: string): Promise<ReturnType<typeof tryLock>> {
  for (let times = 0; times < 5; times += 1) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    await setTimeout(20);
  }
  return undefined;
}

function openDatabase(directory: string): DatabaseSync {
  const path = join(directory, 'state.db');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(path, { timeout: 5_000 });
    chmodSync(path, 0o600);
    migrate(database);
    return database;
  } catch (error) {
    if (isDiskFull(error)) throw fullError(directory, error);
    throw new AppError('failed', `The run history ${path} cannot be opened: ${(error as Error).message}.`, {
      hint: 'STATE_DIR must be writable and have room left. A damaged state.db may be deleted: it is rebuilt from the archives.',
      cause: error,
    });
  }
}

/** An up-to-date file is not written to: it can be read on a full disk, too. */
function migrate(database: DatabaseSync): void {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found >= migrations.length) return;
  database.exec('BEGIN IMMEDIATE');
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  for (const statements of migrations.slice(version)) database.exec(statements);
  database.exec(`PRAGMA user_version = ${Math.max(version, migrations.length)}; COMMIT`);
}

function fullError(directory: string, cause: unknown): AppError {
  return new AppError('no_space', `There is no room left in ${directory}. What is in the repository is safe.`, {
    hint: 'Make room on that file system, or point STATE_DIR to a larger one; then run it again.',
    cause,
  });
}

function lockedError(running: RunRecord | undefined): AppError {
  const what = running === undefined ? '' : `: a ${running.command} that started at ${running.startedAt.toISOString()}`;
  const message = `Another run of this project is going on${what}. It was not disturbed, and nothing was done.`;
  return new RunGoingOnError(message, running?.command);
}

function toRun(row: Record<string, unknown>): RunRecord {
  return {
    runId: String(row['run_id']),
    command: row['command'] as RunRecord['command'],
    status: row['status'] as RunRecord['status'],
    startedAt: new Date(String(row['started_at'])),
    durationMs: (row['duration_ms'] as number | null) ?? undefined,
    backupId: (row['backup_id'] as string | null) ?? undefined,
    errorCode: (row['error_code'] as string | null) ?? undefined,
    errorMessage: (row['error_message'] as string | null) ?? undefined,
  };
}

function toDrill(row: Record<string, unknown>): DrillRecord {
  return {
    backupId: String(row['backup_id']),
    startedAt: new Date(String(row['started_at'])),
    status: row['status'] as DrillRecord['status'],
  };
}

function toRunCount(row: Record<string, unknown>): ReturnType<StateStore['countRuns']>[number] {
  return {
    command: row['command'] as RunRecord['command'],
    status: row['how'] as RunEnd,
    count: row['count'] as number,
  };
}

function toLiftedLimits(row: Record<string, unknown>): LiftedLimits {
  const types = row['allowed_mime_types'] as string | null;
  return {
    url: String(row['url']),
    bucket: String(row['bucket']),
    fileSizeLimit: row['file_size_limit'] as number | null,
    allowedMimeTypes: types === null ? null : (JSON.parse(types) as string[]),
  };
}

function toArchive(row: Record<string, unknown>): IndexedArchive {
  const originalBytes = row['original_bytes'] as number | null;
  return {
    archiveId: String(row['archive_id']),
    name: String(row['name']),
    kind: row['kind'] as IndexedArchive['kind'],
    status: row['status'] as IndexedArchive['status'],
    chunkerParams: String(row['chunker_params']),
    runKinds: String(row['run_kinds']).split(',') as IndexedArchive['runKinds'],
    sizes: originalBytes === null ? undefined : { originalBytes, deduplicatedBytes: row['deduplicated_bytes'] as number },
  };
}

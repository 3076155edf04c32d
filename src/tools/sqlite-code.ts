/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
export const sqliteCodes = { busy: 5, readOnly: 8, corrupt: 11, full: 13, notADatabase: 26 } as const;

/** -1 for what is no error of SQLite. Extended codes hold the primary one in their lowest byte. */
export function sqliteCode(error: unknown): number {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? -1 : errcode & 0xff;
}

/** SQLITE_IOERR_SHMSIZE: of the memory that readers and writers share no page could be had, which lies in a file beside the database. */
const sharedMemorySize = 4874;

/** Whether there was no room left on the disk. */
export function isDiskFull(error: unknown): boolean {
  return sqliteCode(error) === sqliteCodes.full || (error as { errcode?: number }).errcode === sharedMemorySize;
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
export const sqliteCodes = { busy: 5, corrupt: 11, full: 13, notADatabase: 26 } as const;

/** -1 for what is no error of SQLite. Extended codes hold the primary one in their lowest byte. */
export function sqliteCode(error: unknown): number {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? -1 : errcode & 0xff;
}

import type { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';

/** The columns of `files`, but for the seal, in their order. */
export const sealedColumns = [
  'bucket',
  'name',
  'version',
  'e_tag',
  'size',
  'changed',
  'user_metadata',
  'inventory',
  'path',
  'bytes',
  'sha256',
  'touched',
] as const;

type SealedColumn = (typeof sealedColumns)[number];

/** A number is a REAL where it is bound, and an INTEGER where it is read. */
const numbers: ReadonlySet<SealedColumn> = new Set(['size', 'bytes', 'touched']);

/**
 * SQLite notices a page that is no page any more, but no value that has become another one: so each row has a checksum of its own
 * (CRC-32 finds every flipped bit).
 */
export function defineSeal(database: DatabaseSync): void {
  database.function('crc_of', { deterministic: true }, (text) => crc32(String(text)));
}

/** The seal of a row of `files AS f` as SQL, where some of the columns get another value. SQLite puts the row together: that takes half the time. */
export function sealWith(values: Partial<Record<SealedColumn, string>> = {}): string {
  const cells = sealedColumns.map((column) => {
    const value = values[column] ?? `f.${column}`;
    return numbers.has(column) ? `CAST(${value} AS INTEGER)` : value;
  });
  return `crc_of(json_array(${cells.join(', ')}))`;
}

import { copyRowsKey, type CopyRows } from './copy-rows.ts';
import type { Manifest } from './manifest.ts';

/** What the dump should hold and what was found in it. */
export interface RowMismatch {
  /** 'table "public"."notes"', 'large objects'. */
  readonly what: string;
  readonly expected: number;
  readonly found: number;
}

/**
 * Compares the rows and large objects that were read from a dump with the manifest. Materialized views are left out: a dump
 * holds no rows of theirs. In a database of another encoding than UTF-8 the names that are not ASCII cannot be told from each
 * other, so tables with such names are compared in one sum.
 */
export function findRowMismatches(
  manifest: Pick<Manifest, 'tables' | 'largeObjects' | 'server'>,
  read: CopyRows,
): RowMismatch[] {
  const normalize = manifest.server.encoding === 'UTF8' ? (key: string) => key : maskNonAscii;
  const tables = manifest.tables.filter(({ kind }) => kind === 'table');
  const expected = sumByKey(tables.map(({ schema, name, rows }) => [normalize(copyRowsKey(schema, name)), rows ?? 0]));
  const found = sumByKey([...read.rows].map(([key, rows]) => [normalize(key), rows]));
  const mismatches = [...expected]
    .map(([key, rows]) => ({
      what: `table ${key
        .split('\0')
        .map((name) => JSON.stringify(name))
        .join('.')}`,
      expected: rows,
      found: found.get(key) ?? 0,
    }))
    .filter((table) => table.expected !== table.found);
  const largeObjects = { what: 'large objects', expected: manifest.largeObjects.count, found: read.largeObjects };
  return largeObjects.expected === largeObjects.found ? mismatches : [...mismatches, largeObjects];
}

function sumByKey(entries: readonly (readonly [string, number])[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [key, rows] of entries) sums.set(key, (sums.get(key) ?? 0) + rows);
  return sums;
}

function maskNonAscii(key: string): string {
  return /^\p{ASCII}*$/u.test(key) ? key : '(names that are not ASCII)';
}

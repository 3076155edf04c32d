import { expect, test } from 'vitest';
import { copyRowsKey, type CopyRows } from '../../../src/domain/copy-rows.ts';
import type { Manifest, TableRecord } from '../../../src/domain/manifest.ts';
import { findRowMismatches } from '../../../src/domain/row-mismatches.ts';

function manifestOf(tables: Record<string, number>, facts: { largeObjects?: number; encoding?: string } = {}) {
  const { largeObjects = 0, encoding = 'UTF8' } = facts;
  return {
    tables: Object.entries(tables).map(([name, rows]) => tableOf({ name, rows })),
    largeObjects: { count: largeObjects },
    server: { encoding } as Manifest['server'],
  };
}

function tableOf(facts: Partial<TableRecord>): TableRecord {
  return { schema: 'public', name: 't', kind: 'table', oid: 1, rows: 0, bytes: 0, ...facts };
}

function readOf(tables: Record<string, number>, largeObjects = 0): CopyRows {
  const rows = new Map(Object.entries(tables).map(([name, count]) => [copyRowsKey('public', name), count]));
  return { rows, largeObjects, complete: true };
}

test('equal counts are no mismatch, and rows that the manifest does not speak of are none either', () => {
  const manifest = manifestOf({ a: 1, b: 0, 'ünï\ncode': 3 }, { largeObjects: 2 });
  expect(findRowMismatches(manifest, readOf({ a: 1, b: 0, 'ünï\ncode': 3, config: 9 }, 2))).toEqual([]);
});

test('each difference is named with what was expected and what was found', () => {
  const manifest = manifestOf({ a: 1, 'b "c"\n': 2, gone: 3 }, { largeObjects: 2 });
  expect(findRowMismatches(manifest, readOf({ a: 0, 'b "c"\n': 5 }, 1))).toEqual([
    { what: 'table "public"."a"', expected: 1, found: 0 },
    { what: String.raw`table "public"."b \"c\"\n"`, expected: 2, found: 5 },
    { what: 'table "public"."gone"', expected: 3, found: 0 },
    { what: 'large objects', expected: 2, found: 1 },
  ]);
});

test('a materialized view has no rows in a dump', () => {
  const manifest = { ...manifestOf({}), tables: [tableOf({ kind: 'materialized view', rows: 7 })] };
  expect(findRowMismatches(manifest, readOf({}))).toEqual([]);
});

test('in another encoding, tables whose names cannot be read are compared in one sum', () => {
  const manifest = manifestOf({ plain: 1, ärger: 2, öl: 3 }, { encoding: 'LATIN1' });
  const garbled = { '\uFFFDrger': 2, '\uFFFDl': 3 };
  expect(findRowMismatches(manifest, readOf({ plain: 1, ...garbled }))).toEqual([]);
  expect(findRowMismatches(manifest, readOf({ plain: 2, ...garbled, '\uFFFDl': 4 }))).toEqual([
    { what: 'table "public"."plain"', expected: 1, found: 2 },
    { what: 'table "(names that are not ASCII)"', expected: 5, found: 6 },
  ]);
});

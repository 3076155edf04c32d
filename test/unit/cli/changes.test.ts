import { expect, test } from 'vitest';
import { describeChanges, describeDrift } from '../../../src/cli/changes.ts';
import type { CatalogChanges } from '../../../src/domain/manifest.ts';

function changes(total: number, name = 'public.x'): CatalogChanges {
  return {
    since: 'shop-1',
    counts: total === 0 ? {} : { table: { missing: 0, extra: total, different: 0 } },
    differences: Array.from({ length: Math.min(total, 200) }, () => ({ class: 'table', name, kind: 'extra' as const })),
    truncated: total > 200,
  };
}

test('no change is one line', () => {
  expect(describeChanges(changes(0), 'shop-2')).toBe('Since shop-1: no differences.');
});

test('few changes are all named', () => {
  expect(describeChanges(changes(1), 'shop-2')).toBe(
    'Since shop-1: 1 difference in definitions (1 added):\n  + table public.x\nAll of it: agent diff shop-1 shop-2',
  );
});

test.each([
  [10, 10],
  [11, 9],
  [1000, 9],
])('of %i changes %i are named', (total, named) => {
  const lines = describeChanges(changes(total), 'shop-2').split('\n').slice(1, -1);
  expect(lines.filter((line) => line.startsWith('  + '))).toHaveLength(named);
  expect(lines.length).toBeLessThanOrEqual(10);
  if (total > named) expect(lines.at(-1)).toBe(`  ... and ${(total - named).toLocaleString('en-US')} more`);
});

test('names cannot steer a terminal, nor fill it', () => {
  const [, line] = describeChanges(changes(1, `a\u001b[2J${'b'.repeat(500)}`), 'shop-2').split('\n');
  expect(line).toMatch(/^ {2}\+ table a\\u001b\[2Jb+\.\.\.$/);
  expect(line!.length).toBeLessThan(110);
});

test('drift is told, and only drift', () => {
  const drift = { detail: '2 definitions differ', migrations: 1, basis: '', comparedIn: 'shop-1' };
  expect(describeDrift({ ...drift, state: 'none' }, 'shop-1-database')).toBeUndefined();
  expect(describeDrift({ ...drift, state: 'not possible' }, 'shop-1-database')).toBeUndefined();
  expect(describeDrift({ ...drift, state: 'drift' }, 'shop-1-database')).toBe(
    'Drift: 2 definitions differ.\nAs SQL: borg extract --stdout ::shop-1-database database/drift/migrations.sql',
  );
});

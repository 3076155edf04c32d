import { describe, expect, test } from 'vitest';
import {
  countChanges,
  describeCounts,
  isDefinition,
  listChanges,
  summarizeChanges,
} from '../../../src/domain/catalog-changes.ts';
import type { CatalogDifference } from '../../../src/domain/catalog-difference.ts';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { manifestSchema } from '../../../src/domain/manifest.ts';

function record(className: string, name: string, value: CatalogRecord['value'] = {}, schema = 'public'): CatalogRecord {
  return { class: className, name, schema, value };
}

const extra = (className: string, name: string): CatalogDifference => ({ class: className, name, schema: null, kind: 'extra' });

describe('what changes on its own is left out', () => {
  const partition = 'realtime.messages_2026_11_21';
  test.each([
    ['the value of a sequence', [record('sequence value', 's', 1)], [record('sequence value', 's', 2)]],
    ['the value of a new sequence', [], [record('sequence value', 's', 2)]],
    [
      'large objects of an owner',
      [record('large objects', 'o', { oids: '1' })],
      [record('large objects', 'o', { oids: '1 2' })],
    ],
    ['a daily partition of Realtime', [], [record('table', partition, {}, 'realtime')]],
    ['what belongs to one', [record('owner', `table ${partition}`, {}, 'realtime')], []],
    ['an index of one', [record('index', `${partition}_pkey`, {}, 'realtime')], []],
  ])('%s', (_what, before, after) => {
    expect(listChanges(before, after)).toEqual([]);
  });

  test.each([
    ['another group of large objects', [], [record('large objects', 'o', { oids: '1' })]],
    ['a table of that name elsewhere', [], [record('table', 'public.messages_2026_11_21')]],
    ['another table of Realtime', [], [record('table', 'realtime.messages', {}, 'realtime')]],
    ['a cron job', [record('cron job', 'nightly', { active: true })], [record('cron job', 'nightly', { active: false })]],
  ])('but not %s', (_what, before, after) => {
    expect(listChanges(before, after)).toHaveLength(1);
  });
});

test('a schema is compared with its migrations anew only when definitions have changed', () => {
  expect(isDefinition(record('sequence value', 's'))).toBe(false);
  expect(isDefinition(record('large objects', 's'))).toBe(false);
  expect(isDefinition(record('sequence', 's'))).toBe(true);
});

test('changes are counted by class', () => {
  const differences: CatalogDifference[] = [
    extra('table', 'a'),
    { ...extra('table', 'b'), kind: 'missing' },
    { ...extra('view', 'c'), kind: 'different' },
  ];
  const counts = countChanges(differences);
  expect(counts).toEqual({
    table: { missing: 1, extra: 1, different: 0 },
    view: { missing: 0, extra: 0, different: 1 },
  });
  expect(describeCounts(counts)).toBe('3 differences in definitions (1 added, 1 removed, 1 changed)');
  expect(describeCounts(countChanges([extra('table', 'a')]))).toBe('1 difference in definitions (1 added)');
  expect(describeCounts({})).toBe('no differences');
});

describe('the summary for a manifest', () => {
  const since = 'shop-20261121T020000Z';

  test('names a thing before what came with it', () => {
    const summary = summarizeChanges(since, [extra('column', 'a.id'), extra('owner', 'table a'), extra('table', 'a')]);
    expect(summary.differences.map((difference) => difference.class)).toEqual(['table', 'column', 'owner']);
    expect(summary.differences[0]).toEqual({ class: 'table', name: 'a', kind: 'extra' });
    expect(manifestSchema.shape.changes.parse(summary)).toEqual(summary);
  });

  test('names two hundred and counts all', () => {
    const many = Array.from({ length: 201 }, (_, index) => extra('table', String(index)));
    const summary = summarizeChanges(since, many);
    expect(summary).toMatchObject({ since, truncated: true, counts: { table: { extra: 201 } } });
    expect(summary.differences).toHaveLength(200);
    expect(summarizeChanges(since, many.slice(1)).truncated).toBe(false);
  });

  test('does not tell the command of a cron job that has no name', () => {
    const summary = summarizeChanges(since, [extra('cron job', 'unnamed: 0 2 * * * SELECT net.http_post(key)')]);
    expect(JSON.stringify(summary)).not.toContain('net.http_post');
  });
});

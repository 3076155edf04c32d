import { expect, test } from 'vitest';
import { z } from 'zod';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { holdsSame, indexCatalog, recordsOf } from '../../../src/domain/catalog-index.ts';

const record = (className: string, name: string, value: CatalogRecord['value'] = null): CatalogRecord => ({
  class: className,
  name,
  schema: 'public',
  value,
});

const ownerShape = z.object({ owner: z.string() });

test('records are found by class and name, with their values in shape', () => {
  const owner = record('owner', 'table public.a', { owner: 'app', since: 'a newer version' });
  const index = indexCatalog([owner, record('table', 'public.a'), record('owner', 'view public.a', { owner: 'me' })]);
  expect(recordsOf(index, 'owner', ownerShape)).toEqual([
    // The value is only what is known of it; the record is all that was captured.
    { class: 'owner', name: 'table public.a', schema: 'public', value: { owner: 'app' }, record: owner },
    expect.objectContaining({ name: 'view public.a', value: { owner: 'me' } }),
  ]);
  expect(recordsOf(index, 'policy', ownerShape)).toEqual([]);
});

test('a value of another shape is refused', () => {
  expect(() => recordsOf(indexCatalog([record('owner', 'a', { owner: 7 })]), 'owner', ownerShape)).toThrow(z.ZodError);
});

test.each<[string, CatalogRecord, boolean]>([
  ['with its keys in another order', record('role', 'app', { b: [1, { d: 1, c: 2 }], a: 1 }), true],
  ['with another value', record('role', 'app', { a: 1, b: [1, { c: 2, d: 2 }] }), false],
  ['with its list in another order', record('role', 'app', { a: 1, b: [{ c: 2, d: 1 }, 1] }), false],
  ['of another name', record('role', 'other', { a: 1, b: [1, { c: 2, d: 1 }] }), false],
  ['of another class', record('owner', 'app', { a: 1, b: [1, { c: 2, d: 1 }] }), false],
])('a record %s is the same: %s', (_, other, expected) => {
  expect(holdsSame(indexCatalog([record('role', 'app', { a: 1, b: [1, { c: 2, d: 1 }] })]), other)).toBe(expected);
});

import { describe, expect, test } from 'vitest';
import { describeCatalog } from '../../../src/capture/catalog-components.ts';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';

type Source = Parameters<typeof describeCatalog>[0];
type Unreadable = Source['relations']['unreadable'];

function describeSource(catalog: readonly CatalogRecord[], schemas: readonly string[] = [], unreadable: Unreadable = []) {
  const relations = { tables: [], uncountable: new Set<number>(), foreignTables: 0, unreadable };
  const coverage = describeCatalog({ catalog, schemas: new Set(schemas), relations });
  return Object.fromEntries(coverage.map(({ component, state, detail }) => [component, `${state}: ${detail}`]));
}

const record = (className: string, value: CatalogRecord['value'] = {}): CatalogRecord => ({
  class: className,
  name: className === 'publication' ? 'supabase_realtime' : 'a',
  schema: null,
  value,
});

test('what is not there is empty, or not configured where the project could have it', () => {
  expect(describeSource([])).toEqual({
    privileges: 'empty: none',
    settings: 'empty: none',
    publications: 'empty: none',
    'realtime publication members': 'not configured: there is no publication supabase_realtime',
    'event triggers': 'empty: none',
    'cron jobs': 'not configured: there is no schema cron',
    webhooks: 'not configured: there is no schema supabase_functions',
    'vault secret names': 'not configured: there is no schema vault',
  });
  expect(describeSource([], ['cron', 'supabase_functions', 'vault'])).toMatchObject({
    'cron jobs': 'empty: none',
    webhooks: 'empty: none',
    'vault secret names': 'empty: none',
  });
});

test('what is there is counted', () => {
  const classes = ['privileges', 'default privileges', 'setting', 'event trigger', 'cron job', 'webhook', 'vault secret'];
  const catalog = classes.map((name) => record(name));
  expect(describeSource([...catalog, record('cron job')], ['cron', 'supabase_functions', 'vault'])).toMatchObject({
    privileges: 'captured: of 1 object, 1 default',
    settings: 'captured: 1 setting of roles and the database',
    'event triggers': 'captured: 1 event trigger',
    'cron jobs': 'captured: 2 cron jobs',
    webhooks: 'captured: 1 webhook',
    'vault secret names': 'captured: 1 name',
  });
});

describe('the members of the publication of Realtime', () => {
  const publication = { allTables: false, operations: [], viaRoot: false, tables: [], schemas: [] };
  const table = { table: 'public.notes', columns: null, filter: null };
  test.each([
    [{ ...publication, allTables: true }, 'captured: all tables'],
    [{ ...publication, tables: [table] }, 'captured: 1 table'],
    [{ ...publication, schemas: ['a', 'b'] }, 'captured: 2 schemas'],
    [{ ...publication, tables: [table], schemas: ['a'] }, 'captured: 1 table and 1 schema'],
    [publication, 'empty: none'],
  ])('%#', (value, expected) => {
    expect(describeSource([record('publication', value)])['realtime publication members']).toBe(expected);
  });
});

test('what may not be read is not called empty', () => {
  const unreadable = [
    { kind: 'table', schema: 'cron', name: 'job', reason: 'no SELECT on the table' },
    { kind: 'schema', schema: 'vault', name: undefined, reason: 'no USAGE on the schema' },
  ] as const;
  expect(describeSource([], ['cron', 'vault'], unreadable)).toMatchObject({
    'cron jobs': 'not readable: no SELECT on the table',
    'vault secret names': 'not readable: no USAGE on the schema',
  });
  // Its names may be readable, column by column.
  expect(describeSource([record('vault secret')], ['vault'], unreadable)).toMatchObject({
    'vault secret names': 'captured: 1 name',
  });
});

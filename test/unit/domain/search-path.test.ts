import { expect, test } from 'vitest';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';
import { indexCatalog } from '../../../src/domain/catalog-index.ts';
import { chooseSearchPath } from '../../../src/domain/search-path.ts';

function set(role: string | null, setting: string): CatalogRecord {
  return { class: 'setting', name: `${role}: ${setting}`, schema: null, value: { role, inDatabase: role === null, setting } };
}

const extensions: CatalogRecord = { class: 'schema', name: 'extensions', schema: 'extensions', value: {} };

test.each<[string, CatalogRecord[], string]>([
  ["the database's own", [set('postgres', 'search_path=b'), set(null, 'search_path=public, "a=b"')], 'public, "a=b"'],
  ['that of postgres', [set('anon', 'search_path=a'), set('postgres', 'search_path=b'), extensions], 'b'],
  ["what a platform's is by default", [extensions, set('anon', 'search_path=a')], '"$user", public, extensions'],
  ["PostgreSQL's default", [set(null, 'statement_timeout=8s')], '"$user", public'],
])('rows are read with %s', (_, records, expected) => {
  expect(chooseSearchPath(indexCatalog(records))).toBe(expected);
});

import { expect, test } from 'vitest';
import { isMadeByPlatform, isSamePlatform } from '../../../src/domain/platform-version.ts';
import type { CatalogRecord } from '../../../src/domain/catalog.ts';

function record(className: string, name: string, value: unknown): CatalogRecord {
  return { class: className, name, schema: null, value } as CatalogRecord;
}

const auth = record('platform version', 'auth', '20260115000000');

test('the same versions of auth and storage make the same platform, whatever else there is', () => {
  const storage = record('platform version', 'storage', 4);
  expect(isSamePlatform([auth, record('schema', 'public', {})], [auth])).toBe(true);
  expect(isSamePlatform([auth], [auth, storage])).toBe(false);
  expect(isSamePlatform([auth], [{ ...auth, value: '20250717082212' }])).toBe(false);
});

test.each([
  ['index', '', 'supabase_auth_admin', true],
  ['row security', '', 'supabase_storage_admin', true],
  ['index', '', 'postgres', false],
  ['policy', '', 'supabase_storage_admin', false],
  ['trigger', 'CREATE TRIGGER t AFTER INSERT ON storage.objects EXECUTE FUNCTION storage.protect_delete()', 'postgres', true],
  ['trigger', 'CREATE TRIGGER t AFTER INSERT ON auth.users EXECUTE FUNCTION public.welcome()', 'supabase_auth_admin', false],
  ['trigger', 'CREATE TRIGGER t AFTER INSERT ON auth.users EXECUTE FUNCTION extensions.f()', 'supabase_auth_admin', false],
])('a %s (%s) of a table of %s is the platform’s: %s', (className, definition, owner, expected) => {
  expect(isMadeByPlatform(record(className, 'x', { definition }), owner)).toBe(expected);
});

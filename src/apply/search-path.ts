import { settingSchema } from '../domain/catalog.ts';
import { recordsOf, type CatalogIndex } from '../domain/catalog-index.ts';

/**
 * The search path that a restore works with: that of the source. pg_restore empties it, and then indexes, checks and generated
 * columns fail whose functions use names without a schema.
 */
export function chooseSearchPath(source: CatalogIndex): string {
  const settings = recordsOf(source, 'setting', settingSchema).map(({ value }) => value);
  const paths = settings.filter(({ setting }) => setting.startsWith('search_path='));
  const chosen = paths.find(({ role }) => role === null) ?? paths.find(({ role }) => role === 'postgres');
  if (chosen !== undefined) return chosen.setting.slice('search_path='.length);
  return source.get('schema')?.has('extensions') === true ? '"$user", public, extensions' : '"$user", public';
}

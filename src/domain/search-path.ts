import { settingSchema } from './catalog.ts';
import { recordsOf, type CatalogIndex } from './catalog-index.ts';

/**
 * The search path that rows are read and restored with: that of the source. With an empty one indexes, checks and generated columns
 * fail whose functions use names without a schema; even a count does, since the planner looks into the expressions of indexes.
 */
export function chooseSearchPath(source: CatalogIndex): string {
  const settings = recordsOf(source, 'setting', settingSchema).map(({ value }) => value);
  const paths = settings.filter(({ setting }) => setting.startsWith('search_path='));
  const chosen = paths.find(({ role }) => role === null) ?? paths.find(({ role }) => role === 'postgres');
  if (chosen !== undefined) return chosen.setting.slice('search_path='.length);
  return source.get('schema')?.has('extensions') === true ? '"$user", public, extensions' : '"$user", public';
}

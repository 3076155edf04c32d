import type { CatalogRecord } from './catalog.ts';
import { isManagedSchema, isPlatformOwner } from './platform.ts';

/** Whether two catalogs have the same versions of auth and storage, as the platform's own tables of migrations tell them. */
export function isSamePlatform(captured: readonly CatalogRecord[], found: readonly CatalogRecord[]): boolean {
  return platformVersions(captured) === platformVersions(found);
}

function platformVersions(catalog: readonly CatalogRecord[]): string {
  const records = catalog.filter((record) => record.class === 'platform version');
  return records.map(({ name, value }) => `${name} ${JSON.stringify(value)}`).join();
}

/**
 * Whether a part of one of the platform's tables is the platform's, too: what only the owner of a table makes, and triggers whose
 * functions come with the platform. Policies are the user's.
 */
export function isMadeByPlatform({ class: className, value }: Pick<CatalogRecord, 'class' | 'value'>, owner: string): boolean {
  if (className !== 'trigger') return ofOwnerAlone.has(className) && isPlatformOwner(owner);
  const { definition } = value as { readonly definition: string };
  const schema = / EXECUTE FUNCTION (\w+)\./.exec(definition)?.[1];
  return schema !== undefined && isManagedSchema(schema) && schema !== 'extensions';
}

const ofOwnerAlone = new Set(['table constraint', 'index', 'rule', 'row security']);

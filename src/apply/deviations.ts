import type { CatalogRecord } from '../domain/catalog.ts';
import { holdsSame, type CatalogIndex } from '../domain/catalog-index.ts';
import type { Manifest } from '../domain/manifest.ts';
import { isReservedRole } from '../domain/platform.ts';
import type { PlanItem } from './plan-types.ts';
import type { TargetFacts } from './target.ts';

/** What is on the target in another shape than on the source, and stays so. */
export function listDeviations(
  manifest: Manifest,
  source: CatalogIndex,
  { target, found }: { readonly target: TargetFacts; readonly found: CatalogIndex },
): PlanItem[] {
  return [
    ...manifest.extensions.flatMap(({ name, version }) => {
      const offered = target.availableExtensions.get(name);
      if (offered === undefined || offered === version) return [];
      return [{ what: `extension ${name}`, why: `the target has version ${offered}, the backup ${version}` }];
    }),
    ...[...(source.get('role')?.values() ?? [])].filter((record) => isOtherRole(record, found, target)).map(describeRole),
  ];
}

/** Roles belong to a whole server: one that is there is not changed. */
function isOtherRole(record: CatalogRecord, found: CatalogIndex, { kind }: TargetFacts): boolean {
  if (kind !== 'plain' && isReservedRole(record.name)) return false;
  return found.get('role')?.has(record.name) === true && !holdsSame(found, record);
}

function describeRole({ name }: CatalogRecord): PlanItem {
  return { what: `role ${name}`, why: 'the target has a role of that name with other attributes', explains: [`role ${name}`] };
}

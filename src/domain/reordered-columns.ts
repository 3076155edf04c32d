import type { CatalogRecord } from './catalog.ts';
import { canonicalJson, type CatalogDifference } from './catalog-difference.ts';

/** Tables that inherit from others and are no partitions, by their names. */
export function collectHeirs(records: readonly CatalogRecord[]): Set<string> {
  const heirs = records.filter(({ class: className, value }) => {
    const { inherits, partitionBound } = value as { inherits?: unknown; partitionBound?: unknown };
    return ['table', 'foreign table'].includes(className) && inherits !== undefined && partitionBound === undefined;
  });
  return new Set(heirs.map(({ name }) => name));
}

/**
 * A column that stands in another place of a table that inherits, and is the same otherwise. PostgreSQL puts what such a table inherits
 * first when it is made anew; where a parent has got a column later, or INHERIT came after the table, no dump can tell otherwise.
 */
export function isReordered(
  { class: className, kind, name, before, after }: CatalogDifference,
  heirs: ReadonlySet<string>,
): boolean {
  if (className !== 'column' || kind !== 'different' || !heirs.has(tableOfColumn(name))) return false;
  return withoutPosition(before) === withoutPosition(after);
}

/** `public.notes` of `public.notes."the body"`. */
export function tableOfColumn(name: string): string {
  return name.replace(/\.("(?:[^"]|"")*"|[^."]*)$/, '');
}

function withoutPosition(value: CatalogRecord['value'] | undefined): string {
  const { position: _, ...rest } = value as Record<string, CatalogRecord['value']>;
  return canonicalJson(rest);
}

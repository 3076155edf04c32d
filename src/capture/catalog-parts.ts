import type { PartSource } from '../context.ts';
import { catalogFiles, type CatalogRecord } from '../domain/catalog.ts';
import { archivePaths } from '../domain/manifest.ts';

const otherClasses = 'objects';

/**
 * The captured catalog as files that a person can read and `diff` can compare: one record a line, sorted. What has no file of its
 * own is in objects.jsonl. A file that would be empty is left away.
 */
export function captureCatalogParts(records: readonly CatalogRecord[]): PartSource[] {
  const fileOf = new Map(Object.entries(catalogFiles).flatMap(([file, classes]) => classes.map((name) => [name, file])));
  const files = Map.groupBy(records, (record) => fileOf.get(record.class) ?? otherClasses);
  return [...files].map(([file, found]) => ({
    path: `${archivePaths.catalog}/${file}.jsonl`,
    text: () => Promise.resolve(found.map((record) => `${JSON.stringify(record)}\n`).join('')),
  }));
}

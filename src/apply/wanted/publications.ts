import { publicationSchema } from '../../domain/catalog.ts';
import { recordsOf, type CatalogIndex } from '../../domain/catalog-index.ts';
import { quoteLiteral } from '../../domain/sql.ts';
import { tolerateFailure } from '../../domain/tolerant.ts';

/** Statements for publications that the target has already (supabase_realtime): their tables come with the dump, their options here. */
export function wantedPublications(source: CatalogIndex, found: CatalogIndex): string[] {
  const existing = new Map(recordsOf(found, 'publication', publicationSchema).map(({ name, value }) => [name, value]));
  return recordsOf(source, 'publication', publicationSchema).flatMap(({ name, value }) => {
    const before = existing.get(name);
    const same =
      before !== undefined && before.viaRoot === value.viaRoot && before.operations.join() === value.operations.join();
    if (before === undefined || same) return [];
    const options = `publish = ${quoteLiteral(value.operations.join(', '))}, publish_via_partition_root = ${String(value.viaRoot)}`;
    return [tolerateFailure(`options of publication ${name}`, `ALTER PUBLICATION ${name} SET (${options})`)];
  });
}

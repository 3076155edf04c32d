import type { z } from 'zod';
import type { CatalogRecord } from './catalog.ts';
import { canonicalJson } from './catalog-difference.ts';

/** Records by class and name, to look things up in. */
export type CatalogIndex = ReadonlyMap<string, ReadonlyMap<string, CatalogRecord>>;

export function indexCatalog(records: readonly CatalogRecord[]): CatalogIndex {
  const index = new Map<string, Map<string, CatalogRecord>>();
  for (const record of records) {
    const ofClass = index.get(record.class) ?? new Map<string, CatalogRecord>();
    ofClass.set(record.name, record);
    index.set(record.class, ofClass);
  }
  return index;
}

export interface TypedRecord<Value> {
  readonly name: string;
  readonly schema: string | null;
  readonly value: Value;
  /** As it was captured: a newer version may have put more into it than the schema knows. */
  readonly record: CatalogRecord;
}

/** The records of one class with their values in the shape that its schema gives. Throws ZodError for a value of another shape. */
export function recordsOf<Schema extends z.ZodType>(
  index: CatalogIndex,
  className: string,
  schema: Schema,
): TypedRecord<z.infer<Schema>>[] {
  return [...(index.get(className)?.values() ?? [])].map((record) => ({
    ...record,
    value: schema.parse(record.value),
    record,
  }));
}

/** Whether both catalogs have the same record; the order of keys means nothing. */
export function holdsSame(index: CatalogIndex, { class: className, name, value }: CatalogRecord): boolean {
  const other = index.get(className)?.get(name);
  return other !== undefined && canonicalJson(other.value) === canonicalJson(value);
}

import { membershipRecordSchema, roleRecordSchema, type CatalogRecord } from './catalog.ts';
import { indexCatalog, recordsOf, type CatalogIndex } from './catalog-index.ts';
import { addMaintain } from './maintain-privilege.ts';
import { tableOfColumn } from './reordered-columns.ts';
import { unquoteIdentifier } from './sql.ts';

export interface Servers {
  /** The major versions of both servers. */
  readonly source: number;
  readonly target: number;
  /** What the target has. */
  readonly found: readonly CatalogRecord[];
}

/**
 * What was captured as the target's server would tell it, where that is of a newer major version: rights and options that the older
 * server had no word for are spelt out as what was in force there. Nothing is given to anybody that they did not have.
 */
export function tellAsNewer(captured: readonly CatalogRecord[], { source, target, found }: Servers): readonly CatalogRecord[] {
  const [before, after] = [indexCatalog(captured), indexCatalog(found)];
  const [gets16, gets17] = [16, 17].map((major) => source < major && major <= target);
  const withOptions = gets16 === true ? tellOptions(captured, { before, after }) : captured;
  return gets17 === true
    ? addMaintain(
        withOptions.map((record) => inheritIdentity(record, before)),
        after,
      )
    : withOptions;
}

/** The major version of 150018: 15. */
export function majorOfVersion(versionNumber: number): number {
  return Math.trunc(versionNumber / 10_000);
}

/**
 * Until 15 a member inherited as its own attribute said, and could always SET ROLE. Who may create roles administered every role, and
 * from 16 on has to be told so. https://www.postgresql.org/docs/16/release-16.html (Migration: CREATEROLE, role inheritance)
 */
function tellOptions(
  captured: readonly CatalogRecord[],
  { before, after }: { readonly before: CatalogIndex; readonly after: CatalogIndex },
): CatalogRecord[] {
  const roles = recordsOf(before, 'role', roleRecordSchema);
  const attributes = new Map(roles.map(({ name, value }) => [unquoteIdentifier(name), value]));
  const administers = new Set(
    recordsOf(after, 'membership', membershipRecordSchema).flatMap(({ name, value }) =>
      value.adminOption && attributes.get(value.member)?.createRole === true ? [name] : [],
    ),
  );
  return captured.map((record) => {
    if (record.class !== 'membership') return record;
    const value = membershipRecordSchema.parse(record.value);
    const adminOption = value.adminOption || administers.has(record.name);
    const inheritOption = value.inheritOption ?? attributes.get(value.member)?.inherit ?? true;
    return { ...record, value: { ...value, adminOption, inheritOption, setOption: value.setOption ?? true } };
  });
}

/** From 17 on partitions have the identity columns of the whole. https://www.postgresql.org/docs/17/ddl-identity-columns.html */
function inheritIdentity(record: CatalogRecord, catalog: CatalogIndex): CatalogRecord {
  const value = record.value as Record<string, CatalogRecord['value']>;
  if (record.class !== 'column' || value['identity'] !== undefined) return record;
  const table = tableOfColumn(record.name);
  const whole = findWhole(table, catalog);
  const column = whole === table ? undefined : catalog.get('column')?.get(whole + record.name.slice(table.length));
  const identity = (column?.value as Record<string, CatalogRecord['value']> | undefined)?.['identity'];
  return identity === undefined ? record : { ...record, value: { ...value, identity } };
}

/** The partitioned table at the top; of what is no partition the table itself. */
function findWhole(table: string, catalog: CatalogIndex): string {
  const record = catalog.get('table')?.get(table) ?? catalog.get('foreign table')?.get(table);
  const { partitionBound, inherits } = (record?.value ?? {}) as { partitionBound?: string; inherits?: readonly string[] };
  const [parent] = inherits ?? [];
  return partitionBound === undefined || parent === undefined ? table : findWhole(parent, catalog);
}

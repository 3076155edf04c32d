import type { z } from 'zod';
import type { CatalogRecord, privilegesSchema } from './catalog.ts';

type Privileges = z.infer<typeof privilegesSchema>;

/**
 * Makes rights comparable where the difference means nothing. An owner's rights are those of "the owner": who that is, is compared
 * elsewhere. What a superuser of the target grants is granted in the name of the owner. The database, the languages of a server, the
 * members of extensions and the constructors of ranges belong to who made them, which a restore cannot change: what either owner
 * holds of them counts for nothing.
 */
export function levelOwners(
  captured: readonly CatalogRecord[],
  found: readonly CatalogRecord[],
  superusers: ReadonlySet<string>,
): [CatalogRecord[], CatalogRecord[]] {
  const makers = collectMakers([...captured, ...found], new Map([...collectOwners(found), ...collectOwners(captured)]));
  const levelAll = (records: readonly CatalogRecord[]): CatalogRecord[] => {
    const owners = collectOwners(records);
    return records.flatMap((record) => {
      if (record.class !== 'privileges') return [record];
      const leveled = levelRecord(record, { owner: owners.get(ownerKey(record)), makers: makers.get(record.name), superusers });
      // Rights on a setting are kept only where somebody has some.
      const { type, column, grants } = leveled.value as unknown as Privileges;
      return grants.length === 0 && (type === 'parameter' || column !== undefined) ? [] : [leveled];
    });
  };
  return [levelAll(captured), levelAll(found)];
}

/** By "table public.notes". */
export function collectOwners(records: readonly CatalogRecord[]): Map<string, string> {
  const owners = records.filter((record) => record.class === 'owner');
  return new Map(owners.map(({ name, value }) => [name, (value as { owner: string }).owner]));
}

/** Who granted the rights on what has no owner of its own. */
function collectMakers(records: readonly CatalogRecord[], owned: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const makers = new Map<string, Set<string>>();
  for (const record of records) {
    if (record.class !== 'privileges' || owned.has(ownerKey(record))) continue;
    const { column, grants } = record.value as unknown as Privileges;
    const maker = grants[0]?.grantor;
    if (column === undefined && maker !== undefined) makers.set(record.name, (makers.get(record.name) ?? new Set()).add(maker));
  }
  return makers;
}

/** Of a column: that of its table. */
function ownerKey(record: CatalogRecord): string {
  const { type, identity, column } = record.value as unknown as Privileges;
  return column === undefined ? record.name : `${type} ${identity}`;
}

interface LevelFacts {
  readonly owner: string | undefined;
  readonly makers: ReadonlySet<string> | undefined;
  readonly superusers: ReadonlySet<string>;
}

function levelRecord(record: CatalogRecord, { owner, makers, superusers }: LevelFacts): CatalogRecord {
  const { grants, ...value } = record.value as unknown as Privileges;
  const isOwner = (role: string): boolean => role === owner || superusers.has(role) || makers?.has(role) === true;
  const leveled = new Map<string, Privileges['grants'][number]>();
  for (const grant of grants) {
    if (grant.grantee !== null && makers?.has(grant.grantee) === true) continue;
    // A superuser sets whatever it likes.
    if (value.type === 'parameter' && superusers.has(grant.grantee ?? '')) continue;
    const grantor = isOwner(grant.grantor) ? 'the owner' : grant.grantor;
    const grantee = grant.grantee === owner ? 'the owner' : grant.grantee;
    const key = JSON.stringify([grantee, grant.privilege, grantor]);
    leveled.set(key, { ...grant, grantor, grantee, grantable: grant.grantable || leveled.get(key)?.grantable === true });
  }
  const sorted = [...leveled].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, grant]) => grant);
  return { ...record, value: { ...value, grants: sorted } as CatalogRecord['value'] };
}

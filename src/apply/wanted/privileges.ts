import { defaultPrivilegesSchema, ownerSchema, privilegesSchema, type CatalogRecord } from '../../domain/catalog.ts';
import { holdsSame, recordsOf, type TypedRecord } from '../../domain/catalog-index.ts';
import { isReservedRole } from '../../domain/platform.ts';
import type { WantedDefaults, WantedPrivileges } from '../script/privileges.ts';
import { isManaged, mayActAs, type Facts } from './facts.ts';

export function wantedPrivileges(facts: Facts): WantedPrivileges[] {
  const { source, found, target } = facts;
  const owners = new Map(recordsOf(source, 'owner', ownerSchema).map(({ name, value }) => [name, value.owner]));
  const wanted: WantedPrivileges[] = [];
  for (const { name, schema, value, record } of recordsOf(source, 'privileges', privilegesSchema)) {
    if (holdsSame(found, record) || isOutOfReach(facts, { name, schema })) continue;
    if (isManaged(facts, schema) && found.get('privileges')?.has(name) === true) {
      // Another version of the platform grants other things.
      if (!target.samePlatform) continue;
      const before = privilegesSchema.parse(found.get('privileges')!.get(name)!.value).grants;
      const changes = differentGrants(value.grants, before);
      if (changes.every(({ grantor }) => mayActAs(facts, grantor))) wanted.push({ ...value, owner: ownerOf(owners, value) });
      else
        facts.forbidden.push({
          what: `privileges of ${name}`,
          why: `they were granted by ${[...new Set(changes.map(({ grantor }) => grantor))].join(', ')}`,
          explains: [`privileges ${name}`],
        });
      continue;
    }
    wanted.push({ ...value, owner: ownerOf(owners, value) });
  }
  return [...wanted, ...unwantedOnColumns(facts)];
}

/** Rights that users of the target have given on columns of its platform, of which the source knows nothing. */
function unwantedOnColumns(facts: Facts): WantedPrivileges[] {
  const { source, found, target } = facts;
  if (target.kind === 'plain' || !target.samePlatform) return [];
  return recordsOf(found, 'privileges', privilegesSchema)
    .filter(
      ({ name, schema, value }) =>
        value.column !== undefined && isManaged(facts, schema) && source.get('privileges')?.has(name) !== true,
    )
    .filter(({ value }) => value.grants.every(({ grantor }) => mayActAs(facts, grantor)))
    .map(({ value }) => ({ ...value, grants: [], owner: undefined }));
}

/** Whether it is one of PostgreSQL's own objects, which only a superuser may open or close, and on a platform is the platform's. */
function isOutOfReach({ target, forbidden }: Facts, { name, schema }: Pick<CatalogRecord, 'name' | 'schema'>): boolean {
  if (schema !== 'pg_catalog') return false;
  if (target.kind !== 'plain') return !(target.superuser && target.samePlatform);
  if (target.superuser) return false;
  forbidden.push({
    what: `privileges of ${name}`,
    why: 'only a superuser may grant and revoke them',
    explains: [`privileges ${name}`],
  });
  return true;
}

/** Of a column it is that of its table, by which the column goes. */
function ownerOf(
  owners: ReadonlyMap<string, string>,
  { type, identity, grants }: Omit<WantedPrivileges, 'owner'>,
): string | undefined {
  return owners.get(`${type} ${identity}`) ?? soleGrantor(grants);
}

type Grants = WantedPrivileges['grants'];

/** Of what has no record of its owner, the database and the languages of the server itself. */
function soleGrantor(grants: Grants): string | undefined {
  const [first] = grants;
  return grants.every(({ grantor }) => grantor === first?.grantor) ? first?.grantor : undefined;
}

function differentGrants(a: Grants, b: Grants): Grants {
  const keys = (grants: Grants): Set<string> => new Set(grants.map((grant) => JSON.stringify(grant)));
  const [inA, inB] = [keys(a), keys(b)];
  return [...a.filter((grant) => !inB.has(JSON.stringify(grant))), ...b.filter((grant) => !inA.has(JSON.stringify(grant)))];
}

export function wantedDefaults(facts: Facts): WantedDefaults[] {
  const { source, found } = facts;
  const wanted: WantedDefaults[] = [];
  const consider = (record: TypedRecord<WantedDefaults>, grants: WantedDefaults['grants']): void => {
    const { role } = record.value;
    if (mayActAs(facts, role)) wanted.push({ ...record.value, grants });
    // The platform sets those of its own roles, and no user could.
    else if (facts.target.kind === 'plain' || !isReservedRole(role))
      facts.forbidden.push({
        what: `default privileges ${record.name}`,
        why: `they are those of role ${role}`,
        explains: [`default privileges ${record.name}`],
      });
  };
  const records = recordsOf(source, 'default privileges', defaultPrivilegesSchema);
  for (const record of records) if (!holdsSame(found, record.record)) consider(record, record.value.grants);
  const names = new Set(records.map(({ name }) => name));
  for (const record of recordsOf(found, 'default privileges', defaultPrivilegesSchema)) {
    if (!names.has(record.name) && facts.target.kind !== 'plain' && !isManaged(facts, record.value.schema))
      consider(record, null);
  }
  return wanted;
}

import type { z } from 'zod';
import { defaultPrivilegesSchema, privilegesSchema, type CatalogRecord } from './catalog.ts';
import { recordsOf, type CatalogIndex } from './catalog-index.ts';
import { collectOwners } from './level-owners.ts';
import { isManagedSchema } from './platform.ts';

type Grants = z.infer<typeof privilegesSchema>['grants'];

const relations = new Set(['foreign table', 'materialized view', 'table', 'view']);
const rightsBefore = ['DELETE', 'INSERT', 'REFERENCES', 'SELECT', 'TRIGGER', 'TRUNCATE', 'UPDATE'];

/**
 * Adds the right MAINTAIN to what a server before 17 has told. There every owner could do without it what from then on needs it: VACUUM,
 * ANALYZE, REFRESH MATERIALIZED VIEW. https://www.postgresql.org/docs/17/ddl-priv.html
 *
 * Nobody else could, so nobody else gets it; but to whom had all the rights that there were it may have been given meanwhile, by an
 * upgrade or the defaults of a platform, as part of ALL: then it stays as it is on the target. On the platform's own tables all of it does.
 */
export function addMaintain(captured: readonly CatalogRecord[], found: CatalogIndex): CatalogRecord[] {
  const owners = collectOwners(captured);
  const known = new Map(
    [
      ...recordsOf(found, 'privileges', privilegesSchema),
      ...recordsOf(found, 'default privileges', defaultPrivilegesSchema),
    ].map(({ record, value }) => [`${record.class} ${record.name}`, value.grants]),
  );
  return captured.map((record) => {
    const there = known.get(`${record.class} ${record.name}`) ?? [];
    if (record.class === 'default privileges') {
      const value = defaultPrivilegesSchema.parse(record.value);
      if (value.objects !== 'TABLES') return record;
      // Those of a schema are added to what every owner has.
      const owner = value.schema === null ? value.role : undefined;
      return { ...record, value: { ...value, grants: extend(value.grants, { owner, there, managed: false }) } };
    }
    if (record.class !== 'privileges') return record;
    const value = privilegesSchema.parse(record.value);
    if (!relations.has(value.type) || value.column !== undefined) return record;
    const managed = record.schema !== null && isManagedSchema(record.schema);
    const owner = owners.get(record.name) ?? value.grants[0]?.grantor;
    return {
      ...record,
      value: { ...value, grants: extend(value.grants, { owner, there, managed }) } as CatalogRecord['value'],
    };
  });
}

interface Facts {
  readonly owner: string | undefined;
  /** The rights on the target. */
  readonly there: Grants;
  readonly managed: boolean;
}

function extend(grants: Grants, { owner, there, managed }: Facts): Grants {
  const kept = there.filter((grant) => grant.privilege === 'MAINTAIN' && (managed || hasAll(grants, grant)));
  const own = { grantor: owner ?? '', grantee: owner ?? '', privilege: 'MAINTAIN', grantable: false };
  const isOwn = ({ grantor, grantee }: Grants[number]): boolean => grantor === owner && grantee === owner;
  const added = owner === undefined || kept.some(isOwn) ? kept : [...kept, own];
  return [...grants, ...added].toSorted(compareGrants);
}

/** Whether they had every right of the time from the same grantor, and could pass it on if they can pass on this one. */
function hasAll(grants: Grants, { grantor, grantee, grantable }: Grants[number]): boolean {
  const held = grants.filter(
    (grant) => grant.grantor === grantor && grant.grantee === grantee && (!grantable || grant.grantable),
  );
  return rightsBefore.every((right) => held.some(({ privilege }) => privilege === right));
}

/** As the catalog is read: PUBLIC first. */
function compareGrants(a: Grants[number], b: Grants[number]): number {
  const [one, other] = [a, b].map(({ grantee, privilege, grantor }) => [
    grantee === null ? '' : `=${grantee}`,
    privilege,
    grantor,
  ]);
  const index = one!.findIndex((text, position) => text !== other![position]);
  if (index < 0) return 0;
  return one![index]! < other![index]! ? -1 : 1;
}

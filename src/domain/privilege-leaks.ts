import type { CatalogDifference } from './catalog-difference.ts';
import type { CatalogRecord } from './catalog.ts';

type Value = CatalogRecord['value'] | undefined;
type Judged = CatalogDifference & { readonly verdict: string };

export interface Gained {
  /** Null for PUBLIC. */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

/**
 * Rights that the target gives and the backup does not: `anon: SELECT on table public.secrets`. Those on large objects are told by
 * the objects, those on what is yet to be made by the record of its default privileges.
 */
export function listPrivilegeLeaks(differences: readonly Judged[]): string[] {
  const lost = differences.filter(({ verdict }) => verdict === 'lost');
  const ofClass = (className: string): Judged[] => lost.filter((difference) => difference.class === className);
  const leaks = [
    ...ofClass('privileges')
      .filter(({ kind }) => kind !== 'missing')
      .flatMap(({ name, before, after }) => listGained(before, after).map((gained) => `${describe(gained)} on ${name}`)),
    ...listOfLargeObjects(ofClass('large objects')),
    ...ofClass('default privileges').flatMap(listOfDefaults),
  ];
  return [...new Set(leaks)];
}

/** What a set of privileges gives beyond another one; whoever granted it. */
export function listGained(before: Value, after: Value): Gained[] {
  return gainedOf(grantsOf(before), grantsOf(after));
}

function gainedOf(before: readonly Gained[], after: readonly Gained[]): Gained[] {
  const had = new Set(
    before.flatMap((grant) => (grant.grantable ? [keyOf(grant), keyOf({ ...grant, grantable: false })] : [keyOf(grant)])),
  );
  return after.filter((grant) => !had.has(keyOf(grant)));
}

function describe({ grantee, privilege, grantable }: Gained): string {
  return `${grantee ?? 'PUBLIC'}: ${privilege}${grantable ? ' WITH GRANT OPTION' : ''}`;
}

const shownObjects = 3;

/** Records are of all objects with the same owner and grants, so what is different is one that is missing and one that is extra. */
function listOfLargeObjects(differences: readonly Judged[]): string[] {
  const before = new Map<string, readonly Gained[]>();
  for (const { before: value } of differences) for (const oid of oidsOf(value)) before.set(oid, grantsOf(value));
  const opened = new Map<string, string[]>();
  for (const { after } of differences) {
    const { owner } = (after ?? {}) as { owner?: string };
    const others = grantsOf(after).filter(({ grantee }) => grantee !== owner);
    for (const oid of oidsOf(after)) {
      const had = before.get(oid);
      if (had === undefined) continue;
      for (const leak of gainedOf(had, others).map(describe)) {
        const oids = opened.get(leak) ?? [];
        oids.push(oid);
        opened.set(leak, oids);
      }
    }
  }
  return [...opened].map(([leak, oids]) => {
    if (oids.length === 1) return `${leak} on large object ${oids[0]}`;
    const more = oids.length > shownObjects ? '...' : '';
    return `${leak} on ${oids.length} large objects (${oids.slice(0, shownObjects).join(', ')}${more})`;
  });
}

function oidsOf(value: Value): string[] {
  const { oids } = (value ?? {}) as { oids?: string };
  return oids === undefined ? [] : oids.split(' ');
}

/** What PostgreSQL grants where nothing is set: https://www.postgresql.org/docs/current/ddl-priv.html */
const builtIn: Readonly<Record<string, string>> = { FUNCTIONS: 'EXECUTE', TYPES: 'USAGE' };

/** A set of no schema stands in the place of what PostgreSQL itself grants; without one that is in force. */
function listOfDefaults({ name, before, after }: Judged): string[] {
  const { role, schema, objects } = (before ?? after) as unknown as { role: string; schema: string | null; objects: string };
  const privilege = schema === null ? builtIn[objects] : undefined;
  const unset: Gained[] = privilege === undefined ? [] : [{ grantee: null, privilege, grantable: false }];
  const inForce = (value: Value): Gained[] => (value === undefined ? unset : grantsOf(value));
  const gained = gainedOf(inForce(before), inForce(after)).filter(({ grantee }) => grantee !== role);
  return gained.map((grant) => `${describe(grant)} by default privileges of ${name}`);
}

function grantsOf(value: Value): Gained[] {
  return (value as { grants?: Gained[] } | undefined)?.grants ?? [];
}

function keyOf({ grantee, privilege, grantable }: Gained): string {
  return JSON.stringify([grantee, privilege, grantable]);
}

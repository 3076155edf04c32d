import type { Session } from '../context.ts';
import type { CatalogRecord } from '../domain/catalog.ts';
import { canonicalJson } from '../domain/catalog-difference.ts';
import { columnsQuery } from './columns.ts';
import { commentsQuery, extensionDependenciesQuery, securityLabelsQuery } from './comments.ts';
import { foreignQuery } from './foreign.ts';
import { operatorsQuery } from './operators.ts';
import { ownersQuery } from './owned-objects.ts';
import { readPlatformRecords } from './platform-records.ts';
import { defaultPrivilegesQuery, largeObjectsQuery, privilegesQuery } from './privileges.ts';
import { relationsQuery, rowSecurityQuery, schemasQuery, sequencesQuery, sequenceValuesQuery } from './relations.ts';
import { replicationQuery } from './replication.ts';
import { membershipsQuery, rolesQuery, settingsQuery } from './roles.ts';
import { castsQuery, routinesQuery, transformsQuery } from './routines.ts';
import { domainConstraintsQuery, indexesQuery, policiesQuery, rulesQuery, tableConstraintsQuery } from './table-parts.ts';
import { textSearchQuery } from './text-search.ts';
import { readTriggers } from './triggers.ts';
import { collationsQuery, typesQuery } from './types.ts';

/** Each gives records. Those that look at little are sent as one. */
const queries: readonly string[] = [
  union(schemasQuery, rowSecurityQuery, sequencesQuery, sequenceValuesQuery),
  relationsQuery,
  columnsQuery,
  tableConstraintsQuery,
  indexesQuery,
  union(domainConstraintsQuery, rulesQuery, policiesQuery),
  union(typesQuery, collationsQuery, operatorsQuery),
  routinesQuery,
  union(castsQuery, transformsQuery, textSearchQuery, foreignQuery, replicationQuery),
  union(rolesQuery, membershipsQuery, settingsQuery),
  ownersQuery,
  commentsQuery,
  union(securityLabelsQuery, extensionDependenciesQuery),
  privilegesQuery,
  union(defaultPrivilegesQuery, largeObjectsQuery),
];

function union(...parts: readonly string[]): string {
  return parts.map((part) => `SELECT class, name, schema, value FROM (${part}) part`).join('\nUNION ALL\n');
}

/**
 * Everything that defines a database (PostgreSQL 15 to 18) but its rows, as records that are equal where the things are equal,
 * on whatever server; sorted by class and name in the order of code units. PostgreSQL's own objects and members of extensions
 * are left out.
 *
 * Expects a session with an empty search_path, sets nothing in it, and reads no more than any role may; what the role may not
 * read has no record. Functions like pg_get_viewdef see the newest catalog, not that of a snapshot.
 */
export async function readCatalog(session: Pick<Session, 'query'>): Promise<CatalogRecord[]> {
  const records: CatalogRecord[] = [];
  for (const query of queries) records.push(...(await session.query<CatalogRecord>(query)));
  records.push(...(await readTriggers(session)), ...(await readPlatformRecords(session)));
  return withUniqueNames(records);
}

/** Two cron jobs may share a name: all but the first, in the order of their values, get a number. */
function withUniqueNames(records: readonly CatalogRecord[]): CatalogRecord[] {
  const sorted = records.toSorted(compareRecords);
  let copies = 0;
  return sorted.map((record, index) => {
    const previous = sorted[index - 1];
    copies = previous?.class === record.class && previous.name === record.name ? copies + 1 : 0;
    return copies === 0 ? record : { ...record, name: `${record.name} #${copies + 1}` };
  });
}

function compareRecords(one: CatalogRecord, other: CatalogRecord): number {
  if (one.class !== other.class) return one.class < other.class ? -1 : 1;
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return canonicalJson(one.value) < canonicalJson(other.value) ? -1 : 1;
}

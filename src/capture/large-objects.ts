import type { Snapshot } from '../context.ts';

export interface LargeObjects {
  readonly count: number;
  /** Those the role may not read. pg_dump takes all or none. */
  readonly unreadable: number;
}

/** Large objects have no has_..._privilege function before PostgreSQL 18, so owner and access list are read from the catalog. */
export async function captureLargeObjects(snapshot: Snapshot): Promise<LargeObjects> {
  const [row] = await snapshot.query<{ count: string; unreadable: string }>(`
    SELECT pg_catalog.count(*)::text AS count,
           pg_catalog.count(*) FILTER (WHERE NOT (
             pg_catalog.pg_has_role(l.lomowner, 'USAGE')
             OR EXISTS (SELECT FROM pg_catalog.aclexplode(l.lomacl) a
                         WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))
           ))::text AS unreadable
      FROM pg_catalog.pg_largeobject_metadata l`);
  return { count: Number(row!.count), unreadable: Number(row!.unreadable) };
}

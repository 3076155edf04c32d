import type { Session } from '../../context.ts';
import type { InventoryBucket } from '../../domain/storage/inventory.ts';
import type { SidecarObject } from '../../domain/storage/sidecar.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/sql.ts';

/** An object as the target's database knows it. */
export interface TargetObject {
  readonly name: string;
  readonly version: string | null;
  readonly eTag: string | null;
  /** In digits. */
  readonly size: string | null;
  readonly updatedAt: string | null;
  /** The whole row but what is computed from others, as PostgreSQL writes it as JSON. */
  readonly row: string;
}

/** What the target has by these names. */
export async function findObjects(
  session: Pick<Session, 'query'>,
  bucket: string,
  names: readonly string[],
): Promise<Map<string, TargetObject>> {
  const rows = await session.query<TargetObject & Record<string, unknown>>(
    `SELECT o.name, r.row ->> 'version' AS version, r.row #>> '{metadata,eTag}' AS "eTag", r.row #>> '{metadata,size}' AS size,
            r.row ->> 'updated_at' AS "updatedAt", r.row::text AS row
       FROM storage.objects o CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(o) - 'path_tokens' AS row) r
      WHERE o.bucket_id = $1 AND o.name = ANY ($2::text[])`,
    [bucket, names],
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/** Names of the bucket's objects that are none of these. */
export async function findOtherObjects(
  session: Pick<Session, 'query'>,
  bucket: string,
  names: readonly string[],
): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    'SELECT name FROM storage.objects WHERE bucket_id = $1 EXCEPT SELECT pg_catalog.unnest($2::text[])',
    [bucket, names],
  );
  return rows.map(({ name }) => name);
}

/** The rows of these buckets, as far as there are any. */
export async function findBuckets(session: Pick<Session, 'query'>, ids: readonly string[]): Promise<InventoryBucket[]> {
  return session.query<InventoryBucket & Record<string, unknown>>(
    'SELECT b.id, pg_catalog.to_jsonb(b)::text AS row FROM storage.buckets b WHERE b.id = ANY ($1::text[])',
    [ids],
  );
}

/** Ids of the target's buckets that are none of these, in their order. */
export async function findOtherBuckets(
  session: Pick<Session, 'query'>,
  buckets: readonly { readonly id: string }[],
): Promise<string[]> {
  const rows = await session.query<{ id: string }>(
    'SELECT id FROM storage.buckets WHERE id <> ALL ($1::text[]) ORDER BY id COLLATE "C"',
    [buckets.map(({ id }) => id)],
  );
  return rows.map(({ id }) => id);
}

/** What an upload does not bring back, as far as the target has such columns; the version and the sums are the server's own. */
const columnsOfObjects = ['owner', 'owner_id', 'created_at', 'updated_at', 'last_accessed_at', 'user_metadata'];
const columnsOfBuckets = ['owner', 'owner_id', 'created_at', 'updated_at', 'avif_autodetection'];

/**
 * Gives rows what they had on the source: owners, times and user metadata, exactly as they were. What the backup does not tell of a row
 * (one that the API has listed has no owner) stays as it is. Triggers sleep meanwhile, since one of the platform sets updated_at.
 */
export async function restoreColumns(
  session: Pick<Session, 'query'>,
  table: 'objects' | 'buckets',
  rows: readonly string[],
): Promise<void> {
  if (rows.length === 0) return;
  const wanted = table === 'objects' ? columnsOfObjects : columnsOfBuckets;
  const found = await session.query<{ name: string }>(
    `SELECT attname AS name FROM pg_catalog.pg_attribute
      WHERE attrelid = $1::pg_catalog.regclass AND attname = ANY ($2::text[]) AND NOT attisdropped AND attgenerated = ''`,
    [`storage.${table}`, wanted],
  );
  const assignments = found.map(({ name }) => {
    const column = quoteIdentifier(name);
    return `${column} = CASE WHEN w.row ? ${quoteLiteral(name)} THEN r.${column} ELSE o.${column} END`;
  });
  const key = table === 'objects' ? 'o.bucket_id = r.bucket_id AND o.name = r.name' : 'o.id = r.id';
  await session.query('BEGIN');
  try {
    await session.query('SET LOCAL session_replication_role = replica');
    await session.query(
      `UPDATE storage.${table} o SET ${assignments.join(', ')}
         FROM pg_catalog.jsonb_array_elements($1::jsonb) AS w(row)
        CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::storage.${table}, w.row) r
        WHERE ${key}`,
      [`[${rows.join(',')}]`],
    );
    await session.query('COMMIT');
  } catch (error) {
    await session.query('ROLLBACK');
    throw error;
  }
}

/**
 * An upload over a row without a version would make the server remove the new bytes as well: the place of the old ones is then that of
 * all versions. So such rows, which a dump brought, get one.
 */
export async function giveVersions(
  session: Pick<Session, 'query'>,
  bucket: string,
  objects: readonly Pick<SidecarObject, 'name'>[],
): Promise<void> {
  await session.query(
    `UPDATE storage.objects SET version = pg_catalog.gen_random_uuid()::text
      WHERE bucket_id = $1 AND name = ANY ($2::text[]) AND coalesce(version, '') = ''`,
    [bucket, objects.map(({ name }) => name)],
  );
}

import type { Pool } from 'pg';
import { missingBucket } from './errors.ts';
import type { Exchange, Service } from './exchange.ts';

export interface BucketRow {
  readonly id: string;
  readonly name: string;
  readonly public: boolean | null;
  readonly type: string;
  readonly file_size_limit: number | null;
  readonly allowed_mime_types: string[] | null;
  readonly created_at: Date | null;
  readonly updated_at: Date | null;
}

export interface ObjectRow {
  readonly id: string;
  readonly name: string;
  readonly bucket_id: string;
  readonly version: string | null;
  readonly owner: string | null;
  readonly owner_id: string | null;
  readonly metadata: ObjectMetadata | null;
  readonly user_metadata: unknown;
  readonly created_at: Date | null;
  readonly updated_at: Date | null;
  readonly last_accessed_at: Date | null;
}

/** As the service writes it; rows of others may lack any of it. */
export interface ObjectMetadata {
  /** With its quotes. */
  readonly eTag?: string;
  readonly size?: number;
  readonly mimetype?: string;
  readonly cacheControl?: string;
  readonly lastModified?: string;
  readonly contentLength?: number;
  readonly httpStatusCode?: number;
  readonly xRobotsTag?: string;
}

/** What both columns are in the versions of the tables that lack one. */
export async function findColumns(database: Pool): Promise<Service['columns']> {
  const { rows } = await database.query<{ column_name: string; table_name: string }>(
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'storage'",
  );
  const has = (table: string, column: string) => rows.some((row) => row.table_name === table && row.column_name === column);
  return { userMetadata: has('objects', 'user_metadata'), bucketType: has('buckets', 'type') };
}

export function objectColumns({ columns }: Service): string {
  const userMetadata = columns.userMetadata ? 'user_metadata' : 'NULL::jsonb AS user_metadata';
  return `id, name, bucket_id, version, owner, owner_id, metadata, ${userMetadata}, created_at, updated_at, last_accessed_at`;
}

export function bucketColumns({ columns }: Service): string {
  const type = columns.bucketType ? 'type::text' : "'STANDARD'";
  return `id, name, public, ${type} AS type, file_size_limit::float8, allowed_mime_types, created_at, updated_at`;
}

/** Throws NoSuchBucket; for anybody but service_role there are no buckets. */
export async function requireBucket({ service, role }: Exchange, id: string): Promise<BucketRow> {
  const { rows } = await service.database.query<BucketRow>(
    `SELECT ${bucketColumns(service)} FROM storage.buckets WHERE id = $1`,
    [id],
  );
  if (rows[0] === undefined || role === 'invalid') throw missingBucket();
  return rows[0];
}

export async function findObject(service: Service, bucket: string, name: string): Promise<ObjectRow | undefined> {
  const sql = `SELECT ${objectColumns(service)} FROM storage.objects WHERE bucket_id = $1 AND name = $2`;
  return (await service.database.query<ObjectRow>(sql, [bucket, name])).rows[0];
}

export interface NewContent {
  readonly bucket: string;
  readonly name: string;
  readonly version: string;
  readonly metadata: ObjectMetadata;
  /** Undefined: what the row has stays. */
  readonly userMetadata: unknown;
}

/** Writes the row of what was uploaded. Undefined when there is one already and `upsert` is not set. */
export async function writeObject(
  service: Service,
  content: NewContent,
  upsert: boolean,
): Promise<{ readonly id: string; readonly replaced: string | null | undefined } | undefined> {
  const { bucket, name, version, metadata, userMetadata } = content;
  const withUserMetadata = service.columns.userMetadata && userMetadata !== undefined;
  const changes = ['version', 'metadata', ...(withUserMetadata ? ['user_metadata'] : [])].map(
    (column) => `${column} = excluded.${column}`,
  );
  const { rows } = await service.database.query<{ id: string; replaces: boolean; replaced: string | null }>(
    `WITH previous AS (SELECT version FROM storage.objects WHERE bucket_id = $1 AND name = $2)
     INSERT INTO storage.objects (id, bucket_id, name, version, metadata, ${withUserMetadata ? 'user_metadata, ' : ''}created_at, updated_at, last_accessed_at)
     VALUES (gen_random_uuid(), $1, $2, $3, $4, ${withUserMetadata ? '$5, ' : ''}now(), now(), now())
     ON CONFLICT (bucket_id, name) DO ${upsert ? `UPDATE SET updated_at = now(), ${changes.join(', ')}` : 'NOTHING'}
     RETURNING id, (SELECT version FROM previous) AS replaced, EXISTS (SELECT FROM previous) AS replaces`,
    [bucket, name, version, JSON.stringify(metadata), ...(withUserMetadata ? [JSON.stringify(userMetadata)] : [])],
  );
  const row = rows[0];
  return row && { id: row.id, replaced: row.replaces ? row.replaced : undefined };
}

/** Deletes rows, as only the service may: a trigger refuses everybody else. Answers what they were. */
export async function deleteObjects(service: Service, bucket: string, names: readonly string[] | 'all'): Promise<ObjectRow[]> {
  return asService(service, async (query) => {
    const which = names === 'all' ? '' : 'AND name = ANY($2)';
    const sql = `DELETE FROM storage.objects WHERE bucket_id = $1 ${which} RETURNING ${objectColumns(service)}`;
    return query<ObjectRow>(sql, names === 'all' ? [bucket] : [bucket, names]);
  });
}

/** Answers whether there was one. */
export async function deleteBucketRow(service: Service, id: string): Promise<boolean> {
  const rows = await asService(service, (query) =>
    query<{ id: string }>('DELETE FROM storage.buckets WHERE id = $1 RETURNING id', [id]),
  );
  return rows.length > 0;
}

type Query = <Row extends object>(sql: string, values: readonly unknown[]) => Promise<Row[]>;

async function asService<Result>({ database }: Service, work: (query: Query) => Promise<Result>): Promise<Result> {
  const client = await database.connect();
  try {
    await client.query("BEGIN; SET LOCAL storage.allow_delete_query = 'true'");
    const result = await work(
      async <Row extends object>(sql: string, values: readonly unknown[]) => (await client.query<Row>(sql, [...values])).rows,
    );
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

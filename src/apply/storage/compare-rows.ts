import type { Session } from '../../context.ts';
import { parseObjectRow } from '../../domain/storage/rows.ts';
import type { SidecarObject } from '../../domain/storage/sidecar.ts';

interface FoundRow {
  readonly name: string;
  /** In digits; null where the row does not say. */
  readonly size: string | null;
  readonly contentType: string | null;
  readonly cacheControl: string | null;
  readonly sameUserMetadata: boolean;
}

/** User metadata as values of JSON, by PostgreSQL: its numbers may be larger than JavaScript's. A backup may say nothing of it. */
const findRows = `
  SELECT o.name, r.row #>> '{metadata,size}' AS size, r.row #>> '{metadata,mimetype}' AS "contentType",
         r.row #>> '{metadata,cacheControl}' AS "cacheControl",
         NOT w.row ? 'user_metadata'
           OR coalesce(w.row -> 'user_metadata', 'null') = coalesce(r.row -> 'user_metadata', 'null') AS "sameUserMetadata"
    FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS w(name text, row jsonb)
    JOIN storage.objects o ON o.bucket_id = $1 AND o.name = w.name
   CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(o) AS row) r`;

/**
 * What the rows of these objects say otherwise than the backup: nothing for those that are equal. Those that the target does not have
 * are not in the answer. What the backup does not say is not compared.
 */
export async function compareRows(
  session: Pick<Session, 'query'>,
  bucket: string,
  objects: readonly SidecarObject[],
): Promise<Map<string, string[]>> {
  const wanted = objects.map(({ name, row }) => `{"name":${JSON.stringify(name)},"row":${row}}`);
  const found = await session.query<FoundRow & Record<string, unknown>>(findRows, [bucket, `[${wanted.join(',')}]`]);
  const byName = new Map(objects.map((object) => [object.name, object]));
  return new Map(found.map((row) => [row.name, differencesOf(byName.get(row.name)!, row)]));
}

function differencesOf({ size, row }: SidecarObject, found: FoundRow): string[] {
  const { metadata } = parseObjectRow(row);
  return [
    ...(found.size !== null && found.size !== String(size) ? ['size'] : []),
    ...(isOther(metadata?.mimetype, found.contentType) ? ['content type'] : []),
    ...(isOther(metadata?.cacheControl, found.cacheControl) ? ['cache-control'] : []),
    ...(found.sameUserMetadata ? [] : ['user metadata']),
  ];
}

function isOther(captured: string | null | undefined, now: string | null): boolean {
  return captured !== null && captured !== undefined && captured !== now;
}

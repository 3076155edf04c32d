import { createStorageFilter } from '../../domain/storage/filter.ts';
import { StorageError, type StorageFailure } from '../../domain/storage/storage-error.ts';
import type { ObjectStore } from '../../object-store.ts';
import { attempt, fail, ok, warn, type Finding } from './finding.ts';
import type { DoctorTools } from './tools.ts';

const check = 'storage';

/**
 * Asks the Storage API for its buckets, and the database whether these are all; without a database, whether it lists objects. Nothing where
 * Storage is not configured.
 */
export async function examineStorage(tools: DoctorTools): Promise<readonly Finding[]> {
  const { storage } = tools;
  if (storage === undefined) return [];
  return attempt(check, async () => {
    const listed = await listBuckets(tools, storage.store);
    if ('remedy' in listed) return [listed];
    const ofDatabase = await findBuckets(tools);
    return [judgeBuckets(storage.store.url, listed.ids, ofDatabase), ...checkPatterns(tools, ofDatabase ?? listed.ids)];
  });
}

async function listBuckets(
  { config, signal }: DoctorTools,
  store: ObjectStore,
): Promise<Finding | { readonly ids: readonly string[] }> {
  try {
    const ids = (await store.listBuckets()).map(({ id }) => id);
    const [first] = ids;
    // Servers that are older than listV2 have the buckets, but not this.
    if (config.database === undefined && first !== undefined) await store.listPage(first, undefined, signal);
    return { ids };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return fail(check, `${store.url}: ${error.message}`, remedies[error.failure]);
  }
}

const checkUrl = 'Check SUPABASE_URL: it has to be the URL of the project, without /storage/v1.';

const remedies: Readonly<Record<StorageFailure, string>> = {
  refused:
    'Put the service_role key or a secret key of this project into SUPABASE_SERVICE_ROLE_KEY (Supabase: Settings, API keys); it may have been replaced there.',
  missing: checkUrl,
  lost: checkUrl,
  invalid: checkUrl,
  transient: 'Check SUPABASE_URL, the network and https://status.supabase.com; then run it again.',
};

/** The ids of ordinary buckets; undefined when there is no database to ask, or it cannot be asked, which another check tells of. */
async function findBuckets({ databases, config }: DoctorTools): Promise<readonly string[] | undefined> {
  if (config.database === undefined) return undefined;
  try {
    const session = await databases.connect(config.database);
    try {
      const [table] = await session.query<{ exists: boolean }>(
        `SELECT pg_catalog.to_regclass('storage.buckets') IS NOT NULL AS exists`,
      );
      if (table?.exists !== true) return [];
      // Older versions have no types; buckets of other types hold no objects, and have an API of their own.
      const rows = await session.query<{ id: string }>(
        `SELECT b.id FROM storage.buckets b WHERE coalesce(pg_catalog.to_jsonb(b) ->> 'type', 'STANDARD') = 'STANDARD'`,
      );
      return rows.map(({ id }) => id);
    } finally {
      await session.close();
    }
  } catch {
    return undefined;
  }
}

/** `ofDatabase` is undefined when that is not known. */
export function judgeBuckets(url: string, listed: readonly string[], ofDatabase: readonly string[] | undefined): Finding {
  const found = `${url} answers, and lists ${describeCount(listed)}`;
  if (ofDatabase === undefined) return ok(check, found);
  const differing = [
    ...ofDatabase.filter((id) => !listed.includes(id)).map((id) => `${id} is only in the database`),
    ...listed.filter((id) => !ofDatabase.includes(id)).map((id) => `${id} is not in the database`),
  ];
  if (differing.length === 0) return ok(check, `${found}, as the database does`);
  const more = differing.length > 3 ? ` and ${differing.length - 3} more differ` : '';
  return fail(
    check,
    `${found}, but the database has ${describeCount(ofDatabase)}: ${differing.slice(0, 3).join(', ')}${more}`,
    'SUPABASE_URL and the key have to be those of the project that the database belongs to, and the key has to see every bucket.',
  );
}

function checkPatterns({ config }: DoctorTools, ids: readonly string[]): Finding[] {
  const idle = createStorageFilter(config.storage ?? { buckets: [], exclude: [] }).withoutBucket(ids);
  if (idle.length === 0) return [];
  return [
    warn(
      check,
      `no bucket is meant by ${idle.join(', ')}`,
      'Correct STORAGE_BUCKETS or STORAGE_EXCLUDE: what they name does not exist (yet).',
    ),
  ];
}

function describeCount(ids: readonly string[]): string {
  return ids.length === 1 ? '1 bucket' : `${ids.length} buckets`;
}

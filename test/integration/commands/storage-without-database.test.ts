import { expect, test } from 'vitest';
import { emptyStorage } from '../../helpers/empty-storage.ts';
import { createStorageTarget, createStoredProject, type StoredProject } from '../../helpers/stored-project.ts';

// The server of Storage needs a database of its own, of which the agent knows nothing here. Of its 1,100 many objects, which make two
// pages, 101 are wanted: those of the second page, and one of the first.

const noDatabase = { SUPABASE_DB_URL: '', STORAGE_EXCLUDE: 'many/many/0000*' };
const wanted = 101 + 3;

async function coverageOf(scene: StoredProject): Promise<Record<string, string>> {
  const shown = (await scene.run('show', 'latest', '--json')).json<{
    storage: { manifest: { listedBy: string; coverage: { component: string; state: string }[] } };
  }>();
  expect(shown.storage.manifest.listedBy).toBe('api');
  return Object.fromEntries(shown.storage.manifest.coverage.map(({ component, state }) => [component, state]));
}

const rows = `
  SELECT bucket_id, name, date_trunc('milliseconds', created_at) AS created_at, date_trunc('milliseconds', updated_at) AS updated_at,
         coalesce(user_metadata, '{}') AS user_metadata, metadata ->> 'mimetype' AS mimetype, metadata ->> 'eTag' AS etag
    FROM storage.objects WHERE name NOT LIKE 'many/0000%' ORDER BY bucket_id, name COLLATE "C"`;

test('Storage alone is backed up as its API lists it, and comes back', async () => {
  const { variables, ...target } = await createStorageTarget();
  const scene = await createStoredProject({ ...noDatabase, ...variables });
  const { storage } = scene;
  await storage.seedMany('many', 1_100, 10);
  await storage.putObject('docs', 'a', 'one', { mimetype: 'text/plain', userMetadata: { author: 'Zoë', n: [1.5] } });
  await storage.putObject('docs', 'b/c?.txt', 'two');
  await storage.putObject('docs', 'gone', 'three');
  await storage.seedBucket('empty');

  const refused = await scene.run('backup', '--only', 'database', '--json');
  expect(refused).toMatchObject({ exitCode: 2 });
  expect(refused.json()).toMatchObject({ error: { code: 'configuration' } });
  expect((await scene.run('estimate', '--json')).json()).toMatchObject({ objects: wanted, bytes: 1_021 });

  // What is known of an object comes with its bytes, and never again: from then on a backup asks for the lists alone.
  const first = await scene.backUp();
  expect(first).toMatchObject({ exitCode: 0, document: { status: 'complete', archives: [{ kind: 'storage' }], warnings: [] } });
  expect(first.document.storage).toMatchObject({ objects: wanted, downloadedObjects: wanted, changed: { count: 0 } });
  const before = storage.requests.length;
  expect(await scene.backUp()).toMatchObject({ exitCode: 0, document: { storage: { objects: wanted, downloadedObjects: 0 } } });
  const asked = storage.requests.slice(before).map(({ path }) => path);
  const lists = ['docs', 'empty', 'many', 'many'].map((bucket) => `/object/list-v2/${bucket}`);
  expect(asked.toSorted()).toEqual(['/bucket', ...lists]);
  expect(await coverageOf(scene)).toEqual({
    'storage objects': 'captured',
    'storage objects left out': 'not configured',
    database: 'not configured',
    'owners of storage objects': 'not supported',
    'other columns of storage rows': 'not supported',
    'snapshot of storage objects': 'not supported',
  });

  // A list that breaks off is no shorter bucket: the run fails, and the mirror keeps what was not listed.
  const fault = storage.faults.add({ path: /list-v2\/many/, after: 1, effect: { kind: 'refuse' } });
  const failed = await scene.backUp();
  expect(failed).toMatchObject({ exitCode: 20, document: { error: { code: 'source_unreachable' } } });
  expect(failed.document.error?.message).toMatch(/^Storage could not be listed to the end: .*No archive was made; the mirror/s);
  fault.remove();
  storage.faults.add({ path: /list-v2\/many/, after: 1, times: 1, effect: { kind: 'status', status: 500 } });
  await storage.putObject('docs', 'b/c?.txt', 'another', { userMetadata: { page: 2 } });
  await scene.database.query("SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects WHERE name = 'gone'");
  const last = await scene.backUp();
  expect(last).toMatchObject({ exitCode: 0, document: { storage: { objects: wanted - 1, downloadedObjects: 1 } } });

  const restore = () => scene.run('restore', 'latest', '--to', 'test', '--confirm', 'shop-test', '--only', 'storage', '--json');
  const restored = (await restore()).json();
  expect(restored).toMatchObject({ status: 'complete', objects: { uploaded: wanted - 1, deviations: [], refused: [] } });
  expect(await target.database.query(rows)).toEqual(await scene.database.query(rows));
  expect((await restore()).json()).toMatchObject({ status: 'complete', objects: { uploaded: 0, equal: wanted - 1 } });

  // To the API it is no error when a key sees nothing: as long as the mirror knows better, that is no complete backup.
  await scene.database.query(emptyStorage);
  const blind = await scene.backUp();
  expect(blind).toMatchObject({ exitCode: 3, document: { status: 'incomplete', storage: { objects: 0 }, removed: [] } });
  expect(blind.document.warnings[0]).toContain('the Storage API lists no object');
});

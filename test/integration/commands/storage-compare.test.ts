import { expect, test } from 'vitest';
import type { AgentResult } from '../../helpers/agent.ts';
import type { TestDatabase } from '../../helpers/database.ts';
import { createStorageTarget, createStoredProject, type StoredProject } from '../../helpers/stored-project.ts';
import type { StorageServer } from '../../helpers/storage-server/server.ts';

interface CompareDocument {
  readonly status: string;
  readonly error?: { readonly code: string };
  readonly comparison?: object;
  readonly objects: {
    readonly compared: number;
    readonly downloaded: number;
    readonly bytes: number;
    readonly differences: readonly { readonly name: string }[];
  } | null;
}

interface Scene extends StoredProject {
  readonly target: { readonly database: TestDatabase; readonly storage: StorageServer };
  compare(...options: readonly string[]): Promise<{ readonly exitCode: number; readonly document: CompareDocument }>;
  compareAsText(...options: readonly string[]): Promise<AgentResult>;
}

const names = ['changed', 'cache', 'equal', 'gone', 'longer', 'no bytes', 'type.txt', 'user'];
/** As many bytes as the source has, one for each letter of each name. */
const totalBytes = names.join('').length + 'media file'.length;

/** A target that has everything of a backup with two buckets, and an empty one. */
async function createScene(): Promise<Scene> {
  const { variables, ...target } = await createStorageTarget({ backend: 's3' });
  const scene = await createStoredProject({ ...variables, STORAGE_RETRIES: '1' });
  for (const name of names) await scene.storage.putObject('docs', name, name, { userMetadata: { n: 1.5, of: ['x'] } });
  await scene.storage.putObject('media', 'a/b.bin', 'media file');
  await scene.storage.seedBucket('empty');
  await scene.database.query("UPDATE storage.buckets SET file_size_limit = 5000, allowed_mime_types = '{a/b,c/*}'");
  expect(await scene.backUp()).toMatchObject({ exitCode: 0 });
  const restored = await scene.run(
    'restore',
    'latest',
    '--to',
    'test',
    '--confirm',
    'shop-test',
    '--no-safety-backup',
    '--clean',
  );
  expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
  return {
    ...scene,
    target,
    async compare(...options) {
      const result = await scene.run('compare', 'latest', '--to', 'test', '--json', ...options);
      expect(result.stdout + result.stderr).not.toContain(target.storage.serviceKey);
      return { exitCode: result.exitCode, document: result.json<CompareDocument>() };
    },
    compareAsText: (...options) => scene.run('compare', 'latest', '--to', 'test', ...options),
  };
}

/** What only the server's owner can do to rows: past triggers. */
async function change({ target }: Scene, sql: string): Promise<void> {
  await target.database.query(`SET session_replication_role = replica; SET storage.allow_delete_query = 'true'; ${sql}`);
}

test('a target that has everything is equal, alone and after the database; extra objects do not count; a sample is the same each time', async () => {
  const scene = await createScene();
  const total = names.length + 1;
  const equal = {
    compared: total,
    downloaded: total,
    bytes: totalBytes,
    equal: total,
    different: 0,
    missing: 0,
    unreadable: 0,
  };
  expect(await scene.compare('--only', 'storage')).toMatchObject({
    exitCode: 0,
    document: {
      status: 'equal',
      target: { url: scene.target.storage.url },
      objects: { ...equal, extra: 0, differences: [], buckets: [] },
    },
  });
  expect(await scene.compare()).toMatchObject({ exitCode: 0, document: { comparison: {}, objects: { ...equal, extra: 0 } } });
  const requests = scene.target.storage.requests.length;
  expect(await scene.compare('--only', 'database')).toMatchObject({ exitCode: 0, document: { objects: null } });
  expect(scene.target.storage.requests.length).toBe(requests);

  await scene.target.storage.putObject('docs', 'of the target', 'x');
  await scene.target.storage.putObject('another', 'one', 'x');
  expect(await scene.compare('--only', 'storage')).toMatchObject({
    exitCode: 0,
    document: {
      status: 'equal',
      objects: {
        ...equal,
        extra: 2,
        differences: [
          { bucket: 'docs', name: 'of the target', kind: 'extra', what: [] },
          { bucket: 'another', name: 'one', kind: 'extra', what: [] },
        ],
        buckets: [{ bucket: 'another', kind: 'extra', what: [] }],
      },
    },
  });
  const { exitCode, stdout } = await scene.compareAsText('--only', 'storage');
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`Storage: ${total} objects, ${total} equal.`);
  expect(stdout).toContain('2 more objects, which the backup does not hold, are there; that does not count:');
  expect(stdout).toContain('  extra: bucket another');

  // What is outside of a sample is compared by its row.
  await change(scene, "UPDATE storage.objects SET metadata = metadata || '{\"size\": 77}' WHERE name = 'user'");
  const first = await scene.compare('--only', 'storage', '--sample', '30');
  expect(first).toMatchObject({ exitCode: 22, document: { objects: { compared: 9, equal: 8, different: 1, sample: 30 } } });
  const { downloaded, bytes } = first.document.objects!;
  expect(downloaded).toBeLessThan(9);
  const again = await scene.compare('--only', 'storage', '--sample', '30');
  expect(again.document.objects).toMatchObject({ downloaded, bytes });
  const sampled = await scene.compareAsText('--only', 'storage', '--sample', '30');
  expect(sampled.stdout).toContain(`Downloaded: ${downloaded} objects`);
  expect(await scene.compare('--sample', '0')).toMatchObject({ exitCode: 2 });
  expect(await scene.compare('--sample', '5', '--only', 'database')).toMatchObject({ exitCode: 2 });
});

test('whatever differs is named, with what it is; bucket settings alone make a difference, and so do bytes that cannot be read', async () => {
  const scene = await createScene();
  scene.target.storage.faults.add({ method: 'GET', name: /^equal$/, effect: { kind: 'status', status: 500 } });
  scene.target.storage.faults.add({ method: 'GET', name: /^cache$/, times: 1, effect: { kind: 'short', missingBytes: 2 } });
  const unreadable = await scene.compare('--only', 'storage');
  expect(unreadable).toMatchObject({ exitCode: 22, document: { objects: { equal: 8, different: 0, unreadable: 1 } } });
  expect(unreadable.document.objects!.differences).toMatchObject([{ name: 'equal', kind: 'unreadable' }]);

  scene.target.storage.faults.clear();
  await change(scene, "UPDATE storage.buckets SET public = true WHERE id = 'docs'");
  expect(await scene.compare('--only', 'storage')).toMatchObject({ exitCode: 22, document: { objects: { equal: 9 } } });
  const expired = scene.target.storage.faults.expireKeys();
  expect(await scene.compare('--only', 'storage')).toMatchObject({
    exitCode: 20,
    document: { error: { code: 'target_unreachable' } },
  });
  expired.remove();

  const { storage } = scene.target;
  await storage.putObject('docs', 'changed', 'Changed', { userMetadata: { n: 1.5, of: ['x'] } });
  await storage.putObject('docs', 'longer', 'longer than before', { userMetadata: { of: ['x'], n: 1.5 } });
  await change(
    scene,
    `UPDATE storage.objects SET metadata = metadata || '{"mimetype": "text/plain"}' WHERE name = 'type.txt';
     UPDATE storage.objects SET metadata = metadata || '{"cacheControl": "no-cache"}' WHERE name = 'cache';
     UPDATE storage.objects SET user_metadata = '{"n": 1.50001, "of": ["x"]}' WHERE name = 'user';
     UPDATE storage.objects SET user_metadata = '{"of": ["x"], "n": 1.50}' WHERE name = 'equal';
     UPDATE storage.objects SET version = gen_random_uuid() WHERE name = 'no bytes';
     DELETE FROM storage.objects WHERE name = 'gone';
     UPDATE storage.buckets SET public = true, file_size_limit = NULL WHERE id = 'docs';
     UPDATE storage.buckets SET allowed_mime_types = '{c/*}' WHERE id = 'media';
     DELETE FROM storage.buckets WHERE id = 'empty'`,
  );
  const different = (name: string, ...what: readonly string[]): object => ({ bucket: 'docs', name, kind: 'different', what });
  const found = await scene.compare('--only', 'storage');
  expect(found).toMatchObject({
    exitCode: 22,
    document: {
      status: 'different',
      objects: { compared: 9, downloaded: 7, equal: 2, different: 6, missing: 1, extra: 0, unreadable: 0 },
    },
  });
  expect(found.document.objects).toMatchObject({
    differences: [
      different('cache', 'cache-control'),
      different('changed', 'content'),
      { bucket: 'docs', name: 'gone', kind: 'missing', what: [] },
      different('longer', 'content', 'size'),
      different('no bytes', 'no bytes'),
      different('type.txt', 'content type'),
      different('user', 'user metadata'),
    ],
    buckets: [
      { bucket: 'docs', kind: 'different', what: ['public', 'size limit'] },
      { bucket: 'empty', kind: 'missing', what: [] },
      { bucket: 'media', kind: 'different', what: ['types'] },
    ],
  });
  const { exitCode, stdout } = await scene.compareAsText('--only', 'storage');
  expect(exitCode).toBe(22);
  expect(stdout).toContain('DIFFERS FROM');
  expect(stdout).toContain('Storage: 9 objects, 2 equal, BUT 6 different, 1 missing.');
  expect(stdout).toContain('  different: docs/longer: content, size');
  expect(stdout).toContain('  different: bucket docs: public, size limit');
  expect(await scene.compare()).toMatchObject({ exitCode: 22, document: { status: 'different' } });
});

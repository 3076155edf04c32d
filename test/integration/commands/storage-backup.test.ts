import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { objectPath } from '../../../src/domain/storage/object-path.ts';
import { runAgent, startAgent } from '../../helpers/agent.ts';
import { extractArchive } from '../../helpers/archived-objects.ts';
import { expectNoProcesses } from '../../helpers/processes.ts';
import { createStoredProject, type StoredProject } from '../../helpers/stored-project.ts';

/** Names that are trouble for a file system, but none for the Storage API. */
const names = [
  'a',
  'a/b',
  'a/b.txt',
  '/lead',
  'trail/',
  'n//double',
  'x.json',
  'objects.jsonl',
  'sp ace/q?.txt',
  '.hidden',
  '-x',
  `${'long'.repeat(60)}.png`,
];

async function expectArchived(scene: StoredProject, archive: string, bucket: string, wanted: readonly string[]): Promise<void> {
  const directory = await extractArchive(scene.repository, archive);
  const lines = (await readFile(join(directory, 'storage', bucket, 'objects.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '');
  const objects = lines.map((line) => JSON.parse(line) as { name: string; path: string });
  expect(objects.map(({ name }) => name)).toEqual(wanted.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  for (const { name, path } of objects) {
    expect(path).toBe(objectPath(bucket, name));
    expect(await readFile(join(directory, path)), name).toEqual(await scene.storage.bytesOf(bucket, name));
  }
}

test('every object is archived as it is, and none that is known is asked for again', async () => {
  const scene = await createStoredProject();
  const { storage } = scene;
  for (const [index, name] of names.entries()) await storage.putObject('docs', name, Buffer.alloc(index * 1000, name));
  await storage.putObject('Über uns', 'note.txt', 'hello', { userMetadata: { author: 'Zoë' } });
  await storage.seedBucket('empty');

  const first = await scene.backUp();
  expect(first.exitCode).toBe(0);
  expect(first.document).toMatchObject({
    status: 'complete',
    archives: [{ kind: 'database' }, { kind: 'storage' }],
    storage: { objects: names.length + 1, downloadedObjects: names.length + 1, missing: { count: 0 }, changed: { count: 0 } },
  });
  const archive = first.document.archives[1]!.name;
  await expectArchived(scene, archive, 'docs', names);
  await expectArchived(scene, archive, 'Über uns', ['note.txt']);
  await expectArchived(scene, archive, 'empty', []);

  const requests = storage.requests.length;
  const second = await scene.backUp();
  expect(second).toMatchObject({ exitCode: 0, document: { storage: { downloadedObjects: 0 } } });
  expect(storage.requests.length).toBe(requests);
  await expectArchived(scene, second.document.archives[1]!.name, 'docs', names);

  await storage.putObject('docs', 'a', 'another content');
  await scene.database.query("SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects WHERE name = 'x.json'");
  const third = await scene.backUp();
  expect(third).toMatchObject({ exitCode: 0, document: { storage: { downloadedObjects: 1, downloadedBytes: 15 } } });
  await expectArchived(
    scene,
    third.document.archives[1]!.name,
    'docs',
    names.filter((name) => name !== 'x.json'),
  );

  const listed = (await scene.run('list', '--json')).json<{ backups: { archives: { kind: string }[]; status: string }[] }>();
  expect(listed.backups.map(({ status, archives }) => [status, ...archives.map(({ kind }) => kind)])).toEqual(
    Array.from({ length: 3 }, () => ['complete', 'database', 'storage']),
  );
  expect(await scene.run('verify', '--all', '--data')).toMatchObject({ exitCode: 0, stderr: '' });
  const shown = await scene.run('show', 'latest');
  expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
  expect(shown.stdout).toContain(storage.url);
});

describe('what cannot be had', () => {
  test('is named, and the run is incomplete; the rest is archived, and the next run brings what was missing, or is told to leave it', async () => {
    const scene = await createStoredProject({ STORAGE_RETRIES: '1' }, { backend: 's3' });
    const { storage } = scene;
    for (const name of ['one', 'two', 'three']) await storage.putObject('docs', name, name);
    await storage.putObject('docs', 'lo,st', 'x');
    await scene.database.query("UPDATE storage.objects SET version = gen_random_uuid() WHERE name = 'lo,st'");
    const fault = storage.faults.add({ method: 'GET', name: /^two$/, effect: { kind: 'status', status: 500 } });
    const first = await scene.backUp();
    // Asked for, and asked about, twice.
    expect(fault.struck).toBe(4);
    expect(first).toMatchObject({
      exitCode: 3,
      document: {
        status: 'incomplete',
        storage: { objects: 2, missing: { count: 2 } },
      },
    });
    expect(first.document.storage!.missing.names).toEqual(
      expect.arrayContaining([
        { bucket: 'docs', name: 'two', reason: expect.any(String) as string },
        { bucket: 'docs', name: 'lo,st', reason: expect.stringContaining('its bytes are not') as string, lost: true },
      ]),
    );
    expect(first.document.warnings).toContainEqual(expect.stringContaining(String.raw`(add to STORAGE_EXCLUDE: docs/lo\,st)`));
    await expectArchived(scene, first.document.archives[1]!.name, 'docs', ['one', 'three']);
    fault.remove();
    await appendFile(scene.project.envFile, String.raw`STORAGE_EXCLUDE='docs/lo\,st'`);
    expect(await scene.backUp()).toMatchObject({ exitCode: 0, document: { storage: { objects: 3, downloadedObjects: 1 } } });
  });

  test('a key that expires in mid-run ends no run: what is left is named, and comes with a key that is valid', async () => {
    const scene = await createStoredProject({ STORAGE_CONCURRENCY: '4', MIGRATION_DRIFT: 'off' });
    const { storage } = scene;
    await storage.seedMany('docs', 30, 1000);
    const expired = storage.faults.add({ after: 10, effect: { kind: 'refuse' } });
    const { exitCode, document } = await scene.backUp();
    expect({ exitCode, objects: document.storage?.objects, missing: document.storage?.missing.count }).toEqual({
      exitCode: 3,
      objects: 10,
      missing: 20,
    });
    expect(document.storage?.missing.names.map(({ name }) => name).toSorted()).toEqual(
      Array.from({ length: 20 }, (_, index) => `many/${String(index + 11).padStart(7, '0')}`),
    );
    expect(document.warnings).toContainEqual(
      expect.stringContaining('put one that is valid into SUPABASE_SERVICE_ROLE_KEY (`agent doctor` tries it)'),
    );
    expect(storage.requests.length).toBeLessThanOrEqual(14);
    expect(document.archives.map(({ kind }) => kind)).toEqual(['database', 'storage']);
    expect(await scene.run('verify', '--data')).toMatchObject({ exitCode: 0, stderr: '' });

    expired.remove();
    const args = ['backup', '--only', 'storage', '--json', '--env-file', scene.project.envFile];
    const next = await runAgent(args, { env: { SUPABASE_SERVICE_ROLE_KEY: storage.secretKey } });
    expect({ exitCode: next.exitCode, document: next.json() }).toMatchObject({
      exitCode: 0,
      document: { storage: { objects: 30, downloadedObjects: 20 } },
    });
  });

  test('what was removed after the snapshot is left, and what was changed is taken as it is now', async () => {
    const scene = await createStoredProject({ STORAGE_CONCURRENCY: '1' });
    const { storage } = scene;
    await storage.putObject('docs', 'a changes', 'old');
    await storage.putObject('docs', 'b goes', 'x');
    await storage.putObject('docs', 'c stays', 'x');
    // The rows that the snapshot sees are of before.
    const { document, exitCode } = await withChangeAfterSnapshot(scene, async () => {
      await storage.putObject('docs', 'a changes', 'new');
      await scene.database.query("SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects WHERE name = 'b goes'");
    });
    expect({ exitCode, changed: document.storage?.changed.names }).toEqual({
      exitCode: 0,
      changed: [
        { bucket: 'docs', name: 'a changes', what: 'changed' },
        { bucket: 'docs', name: 'b goes', what: 'removed' },
      ],
    });
    await expectArchived(scene, document.archives[1]!.name, 'docs', ['a changes', 'c stays']);
  });
});

/** Makes the change when the first object is asked for. */
async function withChangeAfterSnapshot(scene: StoredProject, change: () => Promise<void>): ReturnType<StoredProject['backUp']> {
  const fault = scene.storage.faults.add({ method: 'GET', times: 1, effect: { kind: 'status', status: 503 } });
  const running = scene.backUp();
  await expect.poll(() => fault.struck, { timeout: 60_000 }).toBe(1);
  await change();
  return running;
}

test('a limit of egress leaves the rest for the next run', async () => {
  const scene = await createStoredProject({ STORAGE_MAX_EGRESS: '25000', STORAGE_CONCURRENCY: '1' });
  for (let index = 0; index < 5; index += 1) await scene.storage.putObject('docs', `${index}`, Buffer.alloc(10_000, index));
  expect((await scene.run('estimate', '--json')).json()).toMatchObject({ objects: 5, bytes: 50_000, beyondLimitBytes: 25_000 });
  expect(scene.storage.requests).toEqual([]);
  expect(await scene.backUp()).toMatchObject({
    exitCode: 3,
    document: { storage: { objects: 2, left: { objects: 3, bytes: 30_000 } } },
  });
  expect(await scene.backUp()).toMatchObject({
    exitCode: 3,
    document: { storage: { objects: 4, left: { objects: 1, bytes: 10_000 } } },
  });
  expect(await scene.backUp()).toMatchObject({ exitCode: 0, document: { storage: { objects: 5, left: { objects: 0 } } } });
  expect(scene.storage.requests.length).toBe(5);
});

test('buckets and objects can be left out, and either archive made alone', async () => {
  const scene = await createStoredProject({ STORAGE_EXCLUDE: 'cache,docs/tmp/**' });
  for (const [bucket, name] of [
    ['cache', 'x'],
    ['docs', 'tmp/x'],
    ['docs', 'kept'],
  ] as const)
    await scene.storage.putObject(bucket, name, name);
  const storageAlone = await scene.backUp('--only', 'storage');
  expect(storageAlone).toMatchObject({ exitCode: 0, document: { archives: [{ kind: 'storage' }], storage: { objects: 1 } } });
  expect(storageAlone.document.coverage).toContainEqual({
    component: 'storage objects left out',
    state: 'not configured',
    detail: '1 bucket (cache) and 1 object in other buckets, as STORAGE_BUCKETS and STORAGE_EXCLUDE say',
  });
  const databaseAlone = await scene.backUp('--only', 'database');
  expect(databaseAlone).toMatchObject({ exitCode: 0, document: { archives: [{ kind: 'database' }], storage: null } });
  const listed = (await scene.run('list', '--json')).json<{ backups: { status: string; archives: { kind: string }[] }[] }>();
  expect(listed.backups.map(({ status, archives }) => [status, archives.map(({ kind }) => kind)])).toEqual([
    ['complete', ['database']],
    ['complete', ['storage']],
  ]);
  expect(await scene.run('show', storageAlone.document.backupId)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await scene.run('verify', '--all', '--data')).toMatchObject({ exitCode: 0, stderr: '' });
});

test('a run that is killed in the middle of the downloads loses none that was finished, and the next one needs no help', async () => {
  const scene = await createStoredProject({ STORAGE_CONCURRENCY: '1' });
  const numbered = Array.from({ length: 12 }, (_, index) => `object ${String(index).padStart(2, '0')}.txt`);
  for (const name of numbered) await scene.storage.putObject('docs', name, name.repeat(1000));
  const fault = scene.storage.faults.add({ name: /05/, effect: { kind: 'hang', afterBytes: 1000 } });
  const agent = startAgent(['backup', '--json', '--env-file', scene.project.envFile]);
  await expect.poll(() => fault.struck, { timeout: 60_000 }).toBe(1);
  agent.kill('SIGKILL');
  await agent.finished;
  await expectNoProcesses(scene.project.stateDirectory);

  fault.remove();
  const next = await scene.backUp();
  expect(next).toMatchObject({ exitCode: 0, document: { storage: { objects: 12, downloadedObjects: 7 } } });
  await expectArchived(scene, next.document.archives[1]!.name, 'docs', numbered);
});

test('a mirror that cannot be opened costs no backup of the database', async () => {
  const scene = await createStoredProject();
  await scene.storage.putObject('docs', 'one', 'x');
  const project = join(scene.project.stateDirectory, 'shop');
  await mkdir(project, { recursive: true });
  await writeFile(join(project, 'mirror'), 'no directory');

  const { exitCode, document } = await scene.backUp();
  expect({ exitCode, status: document.status }).toEqual({ exitCode: 1, status: 'failed' });
  expect(document.error?.message).toMatch(
    /The database is safe in shop-\w+-database; of Storage this run has made no archive\./,
  );
  const listed = (await scene.run('list', '--json')).json<{ backups: { status: string; archives: { kind: string }[] }[] }>();
  expect(listed.backups).toMatchObject([{ status: 'incomplete', archives: [{ kind: 'database' }] }]);
});

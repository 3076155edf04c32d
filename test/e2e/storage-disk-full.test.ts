import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runAgent } from '../helpers/agent.ts';
import { expectArchivesAll } from '../helpers/archived-objects.ts';
import { expectNoLeaks } from '../helpers/leaks.ts';
import { archiveNames } from '../helpers/scenario.ts';
import { fillDisk, mountSmallDisk } from '../helpers/small-disk.ts';
import { createStoredProject, type BackupDocument } from '../helpers/stored-project.ts';

const objects = 20;
const objectBytes = 400_000;
const hugeBytes = 100_000_000;

test('a disk too small for the mirror: exit code 21 before or in the downloads, and nothing is downloaded twice', async ({
  skip,
}) => {
  const disk = (await mountSmallDisk('40m')) ?? skip('This process may mount no small disk.');
  const scene = await createStoredProject({ STATE_DIR: disk, STORAGE_CONCURRENCY: '2', MIGRATION_DRIFT: 'off' });
  const { storage, database, repository } = scene;
  await storage.putObject('docs', 'before', 'of the first backup');
  expect(await scene.backUp('--only', 'storage')).toMatchObject({ exitCode: 0 });
  const earlier = await archiveNames(repository);
  await storage.seedMany('docs', objects, objectBytes);
  await storage.seedMany('huge', 1, hugeBytes);

  // What cannot fit is told before anything is downloaded.
  const asked = storage.requests.length;
  const estimated = await scene.run('estimate', '--json');
  const neededBytes = objects * objectBytes + hugeBytes;
  expect(estimated.json()).toMatchObject({ bytes: neededBytes, room: { neededBytes, fits: false } });
  const tooMuch = await scene.backUp();
  expect({ exitCode: tooMuch.exitCode, error: tooMuch.document.error }).toMatchObject({
    exitCode: 21,
    error: { code: 'no_space', hint: expect.stringContaining('STATE_DIR') as string },
  });
  expect(tooMuch.document.error?.message).toMatch(
    /do not fit into the mirror \S+\/shop\/mirror: they need 108,000,000 bytes more than it has, and [\d,]+ bytes are free\. None was downloaded, and what the mirror holds is kept\. The database is safe in shop-\w+-database; of Storage/,
  );
  expect(storage.requests.length).toBe(asked);

  // STORAGE_MAX_EGRESS leaves the huge one for later; but something else fills the disk meanwhile.
  const filling = storage.faults.add({ after: 8, times: 1, effect: { kind: 'meanwhile', action: async () => fillDisk(disk) } });
  const args = ['backup', '--only', 'storage', '--json', '--env-file', scene.project.envFile];
  const full = await runAgent(args, { env: { STORAGE_MAX_EGRESS: '9MB' } });
  expect(filling.struck).toBe(1);
  expect(full.exitCode).toBe(21);
  expect(full.json<BackupDocument>().error).toMatchObject({
    code: 'no_space',
    message: expect.stringMatching(
      /^There is no room left in the mirror \S+\/shop\/mirror\. What it holds already is kept\.$/,
    ) as string,
    hint: expect.stringContaining('the next run goes on where this one stopped') as string,
  });

  // Where not even the run history has room, that is said, too; and it can be read.
  const ballast = fillDisk(disk);
  expect(await runAgent(args)).toMatchObject({ exitCode: 21, stdout: expect.stringContaining('"code":"no_space"') as string });
  const status = await scene.run('status');
  expect(status).toMatchObject({ exitCode: 0, stderr: '' });
  expect(status.stdout).toContain('no_space');
  expect(await archiveNames(repository)).toEqual([...earlier, expect.stringMatching(/-database$/)]);

  await rm(ballast);
  await database.query("SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects WHERE bucket_id = 'huge'");
  const next = await scene.backUp('--only', 'storage');
  expect(next).toMatchObject({ exitCode: 0, document: { storage: { objects: objects + 1 } } });
  await expectArchivesAll(scene, next.document.archives[0]!.name);
  // What was whole when the disk was full did not come again: those that failed then were two at once, and tried up to six times.
  const downloaded = next.document.storage!.downloadedObjects;
  expect(downloaded).toBeLessThanOrEqual(objects - 7);
  expect(downloaded).toBeGreaterThan(0);
  await repository.borg('check', '--verify-data');
  await expectNoLeaks(scene.project.directory);
});

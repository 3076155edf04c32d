import { readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { downloadPending } from '../../src/capture/storage/download.ts';
import { captureInventory } from '../../src/capture/storage/inventory.ts';
import { writeSidecars } from '../../src/capture/storage/sidecars.ts';
import { createStorageFilter } from '../../src/domain/storage/filter.ts';
import { objectPath } from '../../src/domain/storage/object-path.ts';
import type { Mirror } from '../../src/object-store.ts';
import { openMirror } from '../../src/tools/mirror/mirror.ts';
import { defineSeal, sealWith } from '../../src/tools/mirror/seal.ts';
import { expectArchivesAll } from '../helpers/archived-objects.ts';
import { chooseFlip, flipBit, listFiles } from '../helpers/bit-flips.ts';
import { createEnds, faultRounds, faultSeed, recordFaults } from '../helpers/faults.ts';
import { createRandom } from '../helpers/random.ts';
import { createStorageScene, type StorageScene } from '../helpers/storage-scene.ts';
import { createStoredProject } from '../helpers/stored-project.ts';
import { createTemporaryDirectory } from '../helpers/temporary-directory.ts';

/** Names that a flipped bit can turn into one another, most with contents of the same size. */
const objects = Array.from({ length: 40 }, (_, index) => ({
  bucket: index % 4 === 0 ? 'media' : 'docs',
  name: `directory/file ${String(index).padStart(2, '0')}`,
  text: `this is ${String(index).padStart(2, '0')} `.repeat(index % 5 === 0 ? 2000 : 10),
}));

/** What a backup of Storage does before Borg comes, up to what Borg then reads. */
async function fillMirror(
  scene: StorageScene,
  mirror: Mirror,
): Promise<{ reread: number; damaged: number; downloaded: number }> {
  const { database, store, context } = scene;
  await database.query('BEGIN');
  await captureInventory(database, mirror, createStorageFilter({ buckets: [], exclude: [] }));
  await database.query('COMMIT');
  const { files, damaged } = await mirror.rereadTouched(context.signal);
  const request = { store, mirror, concurrency: 4, maxBytes: undefined, retryDelayMs: 1 };
  const { objects: downloaded, missing } = await downloadPending(context, request);
  expect(missing).toEqual([]);
  await writeSidecars(mirror);
  await mirror.removeOthers();
  return { reread: files, damaged: damaged.length, downloaded };
}

/** Every object is there, with its own bytes at its own path and the row of the database. */
async function expectAllAsItIs({ database }: StorageScene, mirror: Mirror, told: string): Promise<void> {
  const rows = await database.query<{ name: string; row: string }>(
    "SELECT name, (to_jsonb(o) - 'path_tokens')::text AS row FROM storage.objects o",
  );
  const rowOf = new Map(rows.map(({ name, row }) => [name, row]));
  const held = new Map(['docs', 'media'].flatMap((id) => [...mirror.mirrored(id)]).map((object) => [object.name, object]));
  expect([...held.keys()].toSorted(), told).toEqual(objects.map(({ name }) => name));
  for (const { bucket, name, text } of objects) {
    const { path, row } = held.get(name)!;
    expect({ path, row }, told).toEqual({ path: objectPath(bucket, name), row: rowOf.get(name) });
    expect(readFileSync(join(mirror.directory, path), 'utf8'), `${told}: ${name}`).toBe(text);
  }
}

const flips = faultRounds(40, 1000);

test(
  `${flips} bits flipped in the mirror and its index (seed ${faultSeed}): the next backup archives what the project has`,
  { timeout: 600_000 + flips * 2_000 },
  async () => {
    const random = createRandom(faultSeed);
    const { ends, count } = createEnds();
    const scene = await createStorageScene();
    for (const { bucket, name, text } of objects) await scene.server.putObject(bucket, name, text);
    const directory = await createTemporaryDirectory();
    const first = openMirror(directory);
    await fillMirror(scene, first);
    first.close();
    const again = openMirror(directory);
    expect(await fillMirror(scene, again)).toEqual({ reread: 0, damaged: 0, downloaded: 0 });
    again.close();

    for (let round = 1; round <= flips; round += 1) {
      const files = listFiles(directory);
      const wantsIndex = random() < 0.5;
      const flip = chooseFlip(random, wantsIndex ? [join(directory, 'index.db')] : files);
      flipBit(flip);
      const told = `seed ${faultSeed}, round ${round}: bit ${flip.bit} of ${relative(directory, flip.path)}`;
      const mirror = openMirror(directory);
      try {
        const { reread, downloaded } = await fillMirror(scene, mirror);
        await expectAllAsItIs(scene, mirror, told);
        if (downloaded > 0) count('repaired: downloaded again');
        else if (reread > 1) count('repaired: index made anew, every file read again');
        else count('harmless');
      } catch (error) {
        throw new Error(told, { cause: error });
      } finally {
        mirror.close();
      }
    }
    recordFaults({
      group: 'mirror-flips',
      fault: 'one bit flipped in the mirror of Storage or its index',
      rounds: flips,
      ends,
    });
  },
);

test('a bit that a disk has lost without a trace is found by verify, and repaired by the next backup', async () => {
  const scene = await createStoredProject({ MIGRATION_DRIFT: 'off' });
  for (const name of ['one', 'two']) await scene.storage.putObject('docs', name, `this is ${name}`);
  expect(await scene.backUp('--only', 'storage')).toMatchObject({ exitCode: 0 });
  const directory = join(scene.project.stateDirectory, scene.project.name, 'mirror');
  const [path] = listFiles(join(directory, 'storage/docs/objects')) as [string];
  flipBit({ path, bit: 21 });
  forgetTouch(directory);
  const wrong = await scene.backUp('--only', 'storage');
  expect(wrong).toMatchObject({ exitCode: 0, document: { storage: { downloadedObjects: 0 } } });
  expect(await scene.run('verify', '--data', '--json')).toMatchObject({ exitCode: 22 });
  const repaired = await scene.backUp('--only', 'storage');
  expect(repaired).toMatchObject({ exitCode: 0, document: { storage: { downloadedObjects: 1 } } });
  await expectArchivesAll(scene, repaired.document.archives[0]!.name);
});

/** Lets the index think that nobody has touched the files: no test can flip a bit behind the back of the kernel. */
function forgetTouch(directory: string): void {
  const database = new DatabaseSync(join(directory, 'index.db'));
  defineSeal(database);
  database.function('touched_at', (path) => Math.floor(statSync(join(directory, String(path))).ctimeMs * 1000));
  database.exec(`UPDATE files AS f SET touched = touched_at(path), seal = ${sealWith({ touched: 'touched_at(path)' })}`);
  database.close();
}

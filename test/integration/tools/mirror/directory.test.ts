import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { InventoryObject } from '../../../../src/domain/storage/inventory.ts';
import { bucketSidecarPath, formatObjectLine, objectsSidecarPath } from '../../../../src/domain/storage/sidecar.ts';
import type { Mirror } from '../../../../src/object-store.ts';
import { bytesOf, inventoryObject, namesOf, openTestMirror, takeInventory } from '../../../helpers/mirror.ts';
import { createTemporaryDirectory } from '../../../helpers/temporary-directory.ts';

const three = ['a/one.txt', 'a/two.txt', 'b/three.txt'].map((name) => inventoryObject(name, `content of ${name}`));

/** Stores each of them under the content `content of NAME`, with the sidecars of its bucket. */
async function fill(mirror: Mirror, objects: readonly InventoryObject[]): Promise<void> {
  takeInventory(mirror, objects);
  for (const object of objects) await mirror.store(object, bytesOf(`content of ${object.name}`));
  for (const { id, row } of mirror.buckets()) {
    await mirror.writeText(bucketSidecarPath(id), [row]);
    await mirror.writeText(objectsSidecarPath(id), [...mirror.mirrored(id)].map(formatObjectLine));
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).toSorted();
}

test('files that are missing, of another size, or none, are pending again', async () => {
  const directory = await createTemporaryDirectory();
  const objects = ['gone', 'cut', 'link', 'directory', 'fine'].map((name) => inventoryObject(name, `content of ${name}`));
  const first = openTestMirror(directory);
  await fill(first, objects);
  first.close();
  const path = (name: string): string => join(directory, `storage/docs/objects/${name}%`);
  await unlink(path('gone'));
  await truncate(path('cut'), 3);
  await rename(path('link'), join(directory, 'elsewhere'));
  await symlink(join(directory, 'elsewhere'), path('link'));
  await unlink(path('directory'));
  await mkdir(path('directory'));
  await writeFile(join(path('directory'), 'stray'), 'x');

  const mirror = openTestMirror(directory);
  takeInventory(mirror, objects);
  expect(namesOf(mirror.pending())).toEqual(['cut', 'directory', 'gone', 'link']);
  for (const object of mirror.pending()) await mirror.store(object, bytesOf(`content of ${object.name}`));
  expect(mirror.summary().pendingObjects).toBe(0);
  for (const { name } of objects) expect(await readFile(path(name), 'utf8')).toBe(`content of ${name}`);
  expect(await readFile(join(directory, 'elsewhere'), 'utf8')).toBe('content of link');
});

test('nothing is found, written or removed behind a link', async () => {
  const directory = await createTemporaryDirectory();
  const outside = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  await fill(mirror, three);
  await rename(join(directory, 'storage/docs/objects/a'), join(outside, 'a'));
  await symlink(join(outside, 'a'), join(directory, 'storage/docs/objects/a'));
  takeInventory(mirror, three);
  expect(namesOf(mirror.pending())).toEqual(['a/one.txt', 'a/two.txt']);
  takeInventory(mirror, three.slice(2));
  await mirror.removeOthers();
  expect(await readdir(join(outside, 'a'))).toEqual(['one.txt', 'two.txt']);
  await symlink(join(outside, 'a'), join(directory, 'storage/docs/objects/a'));
  takeInventory(mirror, three);
  await mirror.store(three[0]!, bytesOf('content of a/one.txt'));
  expect(await readdir(join(outside, 'a'))).toEqual(['one.txt', 'two.txt']);
  expect(await readdir(join(directory, 'storage/docs/objects/a'))).toEqual(['one.txt']);
});

test('links, pipes and what a killed run left are gone when it is opened; a directory of them too', async () => {
  const directory = await createTemporaryDirectory();
  const first = openTestMirror(directory);
  await fill(first, three);
  first.close();
  const before = await filesBelow(join(directory, 'storage'));
  await mkdir(join(directory, 'storage/docs/objects/c'));
  execFileSync('mkfifo', [join(directory, 'storage/docs/objects/c/pipe.txt')]);
  await symlink('/', join(directory, 'storage/docs/objects/a/link.txt'));
  rmSync(join(directory, 'partial'), { recursive: true });
  await symlink('/', join(directory, 'partial'));
  openTestMirror(directory);
  expect(await filesBelow(join(directory, 'storage'))).toEqual(before);
  expect(await readdir(join(directory, 'partial'))).toEqual([]);
});

test('what the inventory does not have is removed, with the directories that are empty then', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const other = inventoryObject('x.txt', 'content of x.txt', { bucket: 'objects' });
  await fill(mirror, [...three, other]);
  await writeFile(join(directory, 'storage/docs/objects/a/stray.txt'), 'nobody knows me');
  await writeFile(join(directory, 'storage/docs/stray'), 'nor me');
  takeInventory(mirror, [three[0]!, inventoryObject('new', 'new')]);
  expect(await mirror.removeOthers()).toBe(3);
  expect(await filesBelow(join(directory, 'storage'))).toEqual([
    'docs',
    'docs/bucket.json',
    'docs/objects',
    'docs/objects.jsonl',
    'docs/objects/a',
    'docs/objects/a/one.txt',
  ]);
  expect(namesOf(mirror.mirrored('docs'))).toEqual(['a/one.txt']);
  expect(await mirror.removeOthers()).toBe(0);
});

test('an older content stays while the newer one could not be had', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  await fill(mirror, three);
  takeInventory(mirror, [inventoryObject('a/one.txt', 'newer')]);
  expect(await mirror.removeOthers()).toBe(2);
  expect(readFileSync(join(directory, 'storage/docs/objects/a/one.txt'), 'utf8')).toBe('content of a/one.txt');
});

test('an empty inventory empties nothing, unless that is meant', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  await mirror.removeOthers();
  await fill(mirror, three);
  const before = await filesBelow(join(directory, 'storage'));
  takeInventory(mirror, []);
  const refusal = expect.objectContaining({
    code: 'failed',
    message: `The inventory is empty, but the mirror ${directory} holds 3 objects. They were kept.`,
  }) as Error;
  await expect(mirror.removeOthers()).rejects.toEqual(refusal);
  mirror.close();
  const again = openTestMirror(directory);
  await expect(again.removeOthers()).rejects.toEqual(refusal);
  expect(await filesBelow(join(directory, 'storage'))).toEqual(before);
  expect(await again.removeOthers({ allowEmpty: true })).toBe(3);
  expect(await filesBelow(join(directory, 'storage'))).toEqual([]);
});

test('many are removed', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const objects = Array.from({ length: 2300 }, (_, index) => inventoryObject(`n${index}.txt`, `content of n${index}.txt`));
  takeInventory(mirror, objects);
  await Promise.all(objects.map((object) => mirror.store(object, bytesOf(`content of ${object.name}`))));
  takeInventory(mirror, objects.slice(0, 1));
  expect(await mirror.removeOthers()).toBe(2299);
  expect(await readdir(join(directory, 'storage/docs/objects'))).toEqual(['n0.txt']);
});

const damages: [string, (path: string) => Promise<unknown>][] = [
  ['missing', (path) => unlink(path)],
  ['no database', (path) => writeFile(path, 'x'.repeat(10_000))],
  ['empty', (path) => truncate(path, 0)],
  ['cut', (path) => truncate(path, 4096 + 100)],
  [
    'damaged inside',
    async (path) => {
      const bytes = await readFile(path);
      await writeFile(path, bytes.fill(0x5a, 4096));
    },
  ],
  [
    'of another version',
    async (path) => {
      const database = new DatabaseSync(path);
      database.exec('PRAGMA user_version = 7');
      database.close();
    },
  ],
];

test.each(damages)('an index that is %s is made anew from the sidecars', async (_, damage) => {
  const directory = await createTemporaryDirectory();
  const first = openTestMirror(directory);
  const long = inventoryObject('deep/inside.txt', 'content of deep/inside.txt', { bucket: 'b'.repeat(600) });
  const old = inventoryObject('old', 'content of old', { bucket: 'objects' });
  await fill(first, [...three, long, old].map(withRow));
  await first.store(inventoryObject('later.txt', 'content of later.txt'), bytesOf('content of later.txt'));
  first.close();
  await damage(join(directory, 'index.db'));
  await truncate(join(directory, 'storage/docs/objects/a/two.txt'), 3);

  const mirror = openTestMirror(directory);
  takeInventory(mirror, [...three, long, old, inventoryObject('later.txt', 'content of later.txt')]);
  expect(namesOf(mirror.pending())).toEqual(['a/two.txt', 'later.txt']);
  expect([...mirror.mirrored('docs')]).toMatchObject([
    { name: 'a/one.txt', bytes: 20, path: 'storage/docs/objects/a/one.txt' },
    { name: 'b/three.txt' },
  ]);
});

/** With a row as the database has it, from which the version can be read again. */
function withRow(object: InventoryObject): InventoryObject {
  const { version, eTag, size, updatedAt } = object;
  return { ...object, row: JSON.stringify({ version, updated_at: updatedAt, metadata: { eTag, size } }) };
}

test('sidecars that are damaged, or lie, make nothing known', async () => {
  const directory = await createTemporaryDirectory();
  const first = openTestMirror(directory);
  await fill(first, three.map(withRow));
  first.close();
  const sidecar = join(directory, 'storage/docs/objects.jsonl');
  const [one = '', two = '', third = ''] = (await readFile(sidecar, 'utf8')).split('\n');
  await writeFile(join(directory, 'outside.txt'), 'x');
  const lies = ['../outside.txt', 'outside.txt', 'storage/docs/../../outside.txt', 'storage/docs/objects/a//one.txt'];
  const lines = lies.map((path) => two.replace('storage/docs/objects/a/two.txt', path));
  await writeFile(sidecar, [...lines, '', 'null', '{"name":', one.replace('"sha256":"', '"sha256":"x'), third].join('\n'));
  rmSync(join(directory, 'index.db'));
  const mirror = openTestMirror(directory);
  takeInventory(mirror, three);
  expect(namesOf(mirror.mirrored('docs'))).toEqual(['b/three.txt']);
  expect(existsSync(join(directory, 'outside.txt'))).toBe(true);
});

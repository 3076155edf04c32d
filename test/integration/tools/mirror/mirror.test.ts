import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { writeSidecars } from '../../../../src/capture/storage/sidecars.ts';
import type { InventoryObject } from '../../../../src/domain/storage/inventory.ts';
import { StorageError } from '../../../../src/domain/storage/storage-error.ts';
import { bytesOf, inventoryObject, namesOf, openTestMirror, takeInventory } from '../../../helpers/mirror.ts';
import { createTemporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('an object is kept with its time, for nobody else to read, and is not pending any more', async () => {
  const directory = join(await createTemporaryDirectory(), 'state', 'mirror');
  const mirror = openTestMirror(directory);
  const object = inventoryObject('a/b.txt', 'content');
  takeInventory(mirror, [object]);
  expect([...mirror.pending()]).toEqual([object]);
  const sha256 = createHash('sha256').update('content').digest('hex');
  const stored = { ...object, path: 'storage/docs/objects/a/b.txt', bytes: 7, sha256 };
  expect(await mirror.store(object, bytesOf('content'))).toEqual(stored);
  expect([...mirror.mirrored('docs')]).toEqual([stored]);
  expect([...mirror.pending()]).toEqual([]);
  const file = await stat(join(directory, stored.path));
  expect(file.mtime.toISOString()).toBe('2026-11-21T11:21:44.625Z');
  expect([file.mode & 0o777, (await stat(join(directory, 'storage/docs'))).mode & 0o777]).toEqual([0o600, 0o700]);
  expect((await stat(join(directory, 'index.db'))).mode & 0o777).toBe(0o600);
});

test('names that are near to each other have files of their own', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const names = ['a', 'a/b', 'a/', 'a//b', '/a', '../a', 'A', 'a%', '.partial-0', 'é', 'e\u0301', 'objects.jsonl', 'x\n'];
  const objects = names.map((name) => inventoryObject(name, `content of ${name}`));
  takeInventory(mirror, objects);
  await Promise.all(objects.map((object) => mirror.store(object, bytesOf(`content of ${object.name}`))));
  const mirrored = [...mirror.mirrored('docs')];
  expect(mirrored.map(({ name }) => name)).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  for (const { name, path } of mirrored) expect(readFileSync(join(directory, path), 'utf8')).toBe(`content of ${name}`);
});

const changes: [string, Partial<InventoryObject>, Partial<InventoryObject>, boolean][] = [
  ['nothing changed', {}, {}, false],
  ['another version', {}, { version: 'other' }, true],
  ['the same version, and another time', {}, { updatedAt: '2027-01-01T00:00:00Z' }, false],
  ['no version, and all else the same', { version: null }, {}, false],
  ['an empty version, and all else the same', { version: '' }, {}, false],
  [
    'no version on either side, and the time in another form',
    { version: null },
    { version: null, updatedAt: '2026-11-21T11:21:44.625Z' },
    false,
  ],
  ['no version, another eTag', { version: null }, { version: null, eTag: '"other"' }, true],
  ['no version, no eTag any more', { version: null }, { version: null, eTag: null }, true],
  ['no version, another size', { version: null, size: null }, { version: null }, true],
  ['no version, another time', { version: null }, { version: null, updatedAt: '2026-11-21T11:21:44.626Z' }, true],
  ['nothing that tells', { version: null, updatedAt: null }, { version: null, updatedAt: null }, true],
];

test.each(changes)('what the next run asks for: %s', async (_, before, after, isPending) => {
  const directory = await createTemporaryDirectory();
  const first = openTestMirror(directory);
  const object = inventoryObject('a', 'content', before);
  takeInventory(first, [object]);
  await first.store(object, bytesOf('content'));
  expect(first.summary()).toMatchObject({ objects: 1, pendingObjects: 0 });
  first.close();
  const second = openTestMirror(directory);
  const next = inventoryObject('a', 'content', after);
  takeInventory(second, [next]);
  expect(namesOf(second.pending())).toEqual(isPending ? ['a'] : []);
  expect([...second.mirrored('docs')].map(({ version, updatedAt }) => ({ version, updatedAt }))).toEqual(
    isPending ? [] : [{ version: next.version, updatedAt: next.updatedAt }],
  );
  if (isPending) return;
  const time = (await stat(join(directory, 'storage/docs/objects/a%'))).mtimeMs;
  expect(Math.trunc(time)).toBe(Date.parse(next.updatedAt!));
});

test('an object that was changed since is what it is now: for this inventory, and for the next', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const object = inventoryObject('a', 'old');
  const now = inventoryObject('a', 'newer');
  takeInventory(mirror, [object]);
  await mirror.store(now, bytesOf('newer'));
  expect([...mirror.pending()]).toEqual([]);
  expect([...mirror.mirrored('docs')]).toMatchObject([{ version: object.version, bytes: 5 }]);
  mirror.addObjects([inventoryObject('b', 'b')]);
  expect(namesOf(mirror.pending())).toEqual(['b']);
  takeInventory(mirror, [now]);
  expect([...mirror.pending()]).toEqual([]);
  takeInventory(mirror, [object]);
  expect([...mirror.pending()]).toEqual([object]);
});

test('sums are told for all and for one bucket', async () => {
  const mirror = openTestMirror(await createTemporaryDirectory());
  expect(mirror.summary()).toEqual({ objects: 0, bytes: 0, pendingObjects: 0, pendingBytes: 0, replacedBytes: 0 });
  const objects = [
    inventoryObject('a', 'aa'),
    inventoryObject('b', 'bbb', { size: null }),
    inventoryObject('c', 'cccc', { bucket: 'other' }),
  ];
  takeInventory(mirror, objects);
  await mirror.store(objects[0]!, bytesOf('aa'));
  expect(mirror.summary()).toEqual({ objects: 3, bytes: 6, pendingObjects: 2, pendingBytes: 4, replacedBytes: 0 });
  expect(mirror.summary('docs')).toEqual({ objects: 2, bytes: 2, pendingObjects: 1, pendingBytes: 0, replacedBytes: 0 });
  expect(mirror.buckets().map(({ id }) => id)).toEqual(['docs', 'other']);
  mirror.dropFromInventory(objects[1]!);
  expect(mirror.summary('docs')).toEqual({ objects: 1, bytes: 2, pendingObjects: 0, pendingBytes: 0, replacedBytes: 0 });
  takeInventory(mirror, [inventoryObject('a', 'changed'), inventoryObject('new', 'x')]);
  expect(mirror.summary()).toEqual({ objects: 2, bytes: 8, pendingObjects: 2, pendingBytes: 8, replacedBytes: 2 });
});

test('iterations over many pages see each object once, while objects are stored and dropped', async () => {
  const mirror = openTestMirror(await createTemporaryDirectory());
  const objects = Array.from({ length: 2500 }, (_, index) => inventoryObject(`n${String(index).padStart(4, '0')}`, 'x'));
  takeInventory(mirror, [...objects, inventoryObject('other', 'x', { bucket: 'a bucket' })]);
  const seen: string[] = [];
  for (const object of mirror.pending()) {
    seen.push(object.name);
    if (seen.length % 50 === 0) mirror.dropFromInventory(object);
    else if (seen.length % 3 === 0) await mirror.store(object, bytesOf('x'));
  }
  expect(seen).toEqual(['other', ...namesOf(objects)]);
  expect([...mirror.pending(), ...mirror.mirrored('docs'), ...mirror.mirrored('a bucket')]).toHaveLength(2501 - 50);
  expect(namesOf(mirror.mirrored('docs')).length).toBeGreaterThan(800);
});

test.each([
  ['fewer', 'shor', '4 bytes came instead of 7'],
  ['more', 'much too long', 'More than the expected 7 bytes came'],
])('%s bytes than there should be are not kept', async (_, text, message) => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const object = inventoryObject('a', 'content');
  takeInventory(mirror, [object]);
  const stream = bytesOf(text);
  const failure: unknown = await mirror.store(object, stream).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StorageError);
  expect(failure).toMatchObject({ failure: 'transient', message: expect.stringContaining(message) as string });
  expect(stream.destroyed).toBe(true);
  expect([await readdir(join(directory, 'partial')), await readdir(join(directory, 'storage'))]).toEqual([[], []]);
  expect(namesOf(mirror.pending())).toEqual(['a']);
});

test('what a stream fails with is thrown as it is, and the older content stays', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  takeInventory(mirror, [inventoryObject('a', 'old')]);
  const { path } = await mirror.store(inventoryObject('a', 'old'), bytesOf('old'));
  const next = inventoryObject('a', 'much newer');
  takeInventory(mirror, [next]);
  const failure = new StorageError('transient', 'cut short');
  async function* half(): AsyncGenerator<Buffer> {
    yield Buffer.from('much ');
    expect(await readFile(join(directory, path), 'utf8')).toBe('old');
    throw failure;
  }
  await expect(mirror.store(next, Readable.from(half()))).rejects.toBe(failure);
  const broken = bytesOf('');
  broken.destroy(failure);
  await expect(mirror.store(next, broken)).rejects.toBe(failure);
  expect(await readFile(join(directory, path), 'utf8')).toBe('old');
  expect(await readdir(join(directory, 'partial'))).toEqual([]);
  await mirror.store(next, bytesOf('much newer'));
  expect(await readFile(join(directory, path), 'utf8')).toBe('much newer');
});

test('a name longer than any path is refused, and disturbs nothing', async () => {
  const mirror = openTestMirror(await createTemporaryDirectory());
  const object = inventoryObject('n/'.repeat(3000), 'x');
  takeInventory(mirror, [object]);
  await expect(mirror.store(object, bytesOf('x'))).rejects.toMatchObject({ name: 'StorageError', failure: 'invalid' });
  expect(mirror.summary().pendingObjects).toBe(1);
});

test('texts replace what was there, as one whole', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const long = Array.from({ length: 100_000 }, (_, index) => `line ${index} é\n`);
  const sha256 = createHash('sha256').update(long.join('')).digest('hex');
  expect(await mirror.writeText('storage/docs/objects.jsonl', long)).toEqual({
    bytes: Buffer.byteLength(long.join('')),
    sha256,
  });
  await mirror.writeText('manifest.json', ['{}']);
  await expect(
    mirror.writeText(
      'manifest.json',
      (function* () {
        yield 'half of it';
        throw new Error('stopped');
      })(),
    ),
  ).rejects.toThrow('stopped');
  expect(await readFile(join(directory, 'manifest.json'), 'utf8')).toBe('{}');
  expect(await readFile(join(directory, 'storage/docs/objects.jsonl'), 'utf8')).toBe(long.join(''));
  expect(await readdir(join(directory, 'partial'))).toEqual([]);
});

test('two processes never have it open', async () => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  await writeFile(join(directory, 'partial', '.partial-9'), 'of the other');
  expect(() => openTestMirror(directory)).toThrow(expect.objectContaining({ code: 'locked', retryable: true }) as Error);
  expect(await readdir(join(directory, 'partial'))).toEqual(['.partial-9']);
  mirror.close();
  openTestMirror(directory);
  expect(await readdir(join(directory, 'partial'))).toEqual([]);
});

const completed: [string, { row: string; userMetadata?: string }, string][] = [
  ['the row of a database that told it', { row: '{"user_metadata": {"n": 1.10}}' }, '{"n":1.10}'],
  ['what was said of it when it came', { row: '{}', userMetadata: '{"page":2}' }, '{"page":2}'],
];

test.each(completed)('rows that the API has listed are completed by %s', async (_, stored, userMetadata) => {
  const directory = await createTemporaryDirectory();
  const mirror = openTestMirror(directory);
  const object = inventoryObject('a', 'content', { row: stored.row });
  takeInventory(mirror, [object]);
  await mirror.store({ ...object, ...stored }, bytesOf('content'));

  const updatedAt = '2026-11-21T11:21:44.625Z';
  const row = JSON.stringify({ bucket_id: 'docs', metadata: { eTag: '"content"', size: 7 }, updated_at: updatedAt });
  const list = (): void => {
    mirror.startInventory('api');
    mirror.addBuckets([{ id: 'docs', row: '{"id":"docs"}' }]);
    mirror.addObjects([{ ...object, version: null, updatedAt, row }]);
  };
  const complete = `${row.slice(0, -1)},"version":"version of content","user_metadata":${userMetadata}}`;
  list();
  expect([...mirror.pending()]).toEqual([]);
  expect([...mirror.mirrored('docs')]).toMatchObject([{ row: complete }]);

  // What they are completed by is not lost with the index.
  const sidecars = await writeSidecars(mirror);
  expect(sidecars.map(({ path }) => path)).toEqual(['storage/docs/bucket.json', 'storage/docs/objects.jsonl']);
  mirror.close();
  await rm(join(directory, 'index.db'));
  const again = openTestMirror(directory);
  again.startInventory('api');
  again.addObjects([{ ...object, version: null, updatedAt, row }]);
  expect([...again.pending()]).toEqual([]);
  expect([...again.mirrored('docs')]).toMatchObject([{ row: complete }]);
});

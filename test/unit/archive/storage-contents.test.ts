import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { readObjects } from '../../../src/archive/storage-contents.ts';
import { objectPath } from '../../../src/domain/storage/object-path.ts';
import { allObjects, createObjectSelection, parseWantedName } from '../../../src/domain/storage/object-selection.ts';
import { contextOf, lineOf, sidecar, type Entry } from '../../helpers/exported-archive.ts';

interface Seen {
  /** In the order of what happened: `begin a b`, `add a: bytes`. */
  readonly events: string[];
  readonly listed: string[];
  /** How often a kept sidecar is still open. */
  open(): number;
}

/** Reads the objects of bucket docs out of an archive with these entries. */
async function readAll(entries: readonly Entry[], selection = allObjects): Promise<Seen> {
  const kept = new Map<string, string>();
  const readers: Readable[] = [];
  const context = contextOf(entries, {
    async saveStream(path, stream) {
      kept.set(path, await text(stream));
    },
    readFile(path) {
      const reader = Readable.from([Buffer.from(kept.get(path) ?? '')]);
      readers.push(reader);
      return reader;
    },
  });
  const events: string[] = [];
  const open = (): number => readers.filter(({ destroyed }) => !destroyed).length;
  const request = { archive: 'shop-storage', bucket: 'docs', selection, directory: '/run' };
  const reading = readObjects(context, request, {
    async begin(objects) {
      events.push(`begin ${objects.length}`);
    },
    async add({ name }, bytes) {
      events.push(`${name}: ${await text(bytes)}`);
    },
  });
  try {
    const listed: string[] = [];
    for await (const { name } of await reading) listed.push(name);
    return { events, listed, open };
  } finally {
    expect(open()).toBe(0);
    expect([...kept.keys()].every((path) => path.startsWith('/run/'))).toBe(true);
  }
}

function entryOf(name: string): Entry {
  return { name: objectPath('docs', name), text: name };
}

const many = Array.from({ length: 1201 }, (_, number) => `n${String(number).padStart(5, '0')}`);

test('objects come with what is said of them, told of some hundreds at a time before the first of them', async () => {
  const { events, listed } = await readAll([sidecar(...many.map((name) => lineOf(name))), ...many.map(entryOf)]);
  const expected = many.map((name) => `${name}: ${name}`);
  expect(events).toEqual([
    'begin 500',
    ...expected.slice(0, 500),
    'begin 500',
    ...expected.slice(500, 1000),
    'begin 201',
    ...expected.slice(1000),
  ]);
  expect(listed).toEqual(many);
});

test('of a selection the others are passed over, in the archive and in the list', async () => {
  const selection = createObjectSelection([parseWantedName('object', 'docs/b')!, parseWantedName('prefix', 'docs/d/')!]);
  const names = ['a', 'b', 'c', 'd/1', 'd/2', 'e'];
  const { events, listed } = await readAll([sidecar(...names.map((name) => lineOf(name))), ...names.map(entryOf)], selection);
  expect(events).toEqual(['begin 3', 'b: b', 'd/1: d/1', 'd/2: d/2']);
  expect(listed).toEqual(['b', 'd/1', 'd/2']);
});

test('another order does no harm, and what no sidecar names is passed over', async () => {
  const lines = many.map((name) => lineOf(name));
  const { events } = await readAll([sidecar(...lines), entryOf('other'), ...many.toReversed().map(entryOf)]);
  expect(events.filter((event) => !event.startsWith('begin'))).toEqual(many.toReversed().map((name) => `${name}: ${name}`));
});

test.each([
  ['an object', [sidecar(lineOf('a'), lineOf('b'), lineOf('c')), entryOf('a'), entryOf('c')], objectPath('docs', 'b')],
  ['the last object', [sidecar(lineOf('a'), lineOf('b')), entryOf('a')], objectPath('docs', 'b')],
  ['all objects', [sidecar(lineOf('a'))], objectPath('docs', 'a')],
  ['the sidecar', [entryOf('a')], 'storage/docs/objects.jsonl'],
])('an archive without %s is damaged', async (_, entries, path) => {
  await expect(readAll(entries)).rejects.toMatchObject({
    code: 'verification_failed',
    message: expect.stringContaining(`it lacks ${path}`) as string,
  });
});

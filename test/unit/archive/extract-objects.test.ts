import { describe, expect, test } from 'vitest';
import { copyObjects, type ExtractedObject } from '../../../src/archive/extract-objects.ts';
import type { StorageManifest } from '../../../src/domain/storage/manifest.ts';
import { objectPath } from '../../../src/domain/storage/object-path.ts';
import { contextOf, lineOf, sidecar, type Entry } from '../../helpers/exported-archive.ts';

/** What is written and what is damaged when everything is wanted. */
async function copyAll(entries: readonly Entry[]): Promise<{ written: string[]; damaged: string[] }> {
  const found = { written: [] as string[], damaged: [] as string[] };
  const manifest = { buckets: [{ id: 'docs' }], parts: [] } as unknown as StorageManifest;
  await copyObjects(contextOf(entries), {
    source: { archive: 'shop-storage', manifest },
    paths: ['storage'],
    async choose(bucket, objects) {
      const chosen: ExtractedObject[] = [];
      for await (const object of objects) chosen.push({ ...object, bucket, target: object.name, modified: undefined });
      return chosen;
    },
    output: {
      async write({ target }, content) {
        const chunks: Buffer[] = [];
        for await (const chunk of content) chunks.push(chunk);
        found.written.push(`${target}: ${Buffer.concat(chunks).toString()}`);
      },
    },
    onCopied: () => undefined,
    onBytes: () => undefined,
    onDamaged: ({ name }) => found.damaged.push(name),
  });
  return found;
}

const a = objectPath('docs', 'a');
const b = objectPath('docs', 'b');

test('objects are written, directories and what no sidecar names are not', async () => {
  const entries: Entry[] = [
    { name: 'storage/docs/', type: 'directory' },
    sidecar(lineOf('a'), lineOf('b')),
    { name: 'storage/docs/objects/other%', text: 'other' },
    { name: b, text: 'b' },
    { name: a, text: 'a' },
  ];
  expect(await copyAll(entries)).toEqual({ written: ['b: b', 'a: a'], damaged: [] });
});

test('what is missing, shorter or another is damaged', async () => {
  const entries: Entry[] = [sidecar(lineOf('a'), lineOf('b'), lineOf('c')), { name: a, text: 'x' }, { name: b, text: '' }];
  expect(await copyAll(entries)).toEqual({ written: [], damaged: ['a', 'b', 'c'] });
});

test('an object that comes twice is written once', async () => {
  const twice: Entry[] = [sidecar(lineOf('a')), { name: a, text: 'a' }, { name: a, text: 'x' }];
  expect(await copyAll(twice)).toEqual({ written: ['a: a'], damaged: [] });
});

describe('refused is', () => {
  test.each<[string, Entry]>([
    ['a symbolic link', { name: a, type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link', { name: a, type: 'link', linkname: '/etc/passwd' }],
    ['a device', { name: a, type: 'character-device', devmajor: 1, devminor: 1 }],
    ['a named pipe', { name: a, type: 'fifo' }],
    ['what leads upwards', { name: 'storage/../../a', text: 'a' }],
    ['what begins at the root', { name: '/etc/a', text: 'a' }],
  ])('%s', async (_, entry) => {
    await expect(copyAll([sidecar(lineOf('a')), entry])).rejects.toMatchObject({ code: 'verification_failed' });
  });

  test.each([
    ['outside of the archive', lineOf('a', '../a')],
    ['of the archive, but of no object', lineOf('a', 'manifest.json')],
    ['of another object', lineOf('a', b)],
    ['that came already', lineOf('a') + lineOf('a')],
  ])('a sidecar with a path %s', async (_, line) => {
    await expect(copyAll([sidecar(line), { name: a, text: 'a' }])).rejects.toMatchObject({ code: 'verification_failed' });
  });
});

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyObjects, type ExtractedObject } from '../../src/archive/extract-objects.ts';
import { readBuckets, readObjects } from '../../src/archive/storage-contents.ts';
import { verifyObjects } from '../../src/archive/verify-objects.ts';
import { verifyParts } from '../../src/archive/verify-parts.ts';
import type { RunContext } from '../../src/context.ts';
import { createPathChooser } from '../../src/domain/storage/extracted-path.ts';
import { objectPath } from '../../src/domain/storage/object-path.ts';
import { allObjects } from '../../src/domain/storage/object-selection.ts';
import type { SidecarObject } from '../../src/domain/storage/sidecar.ts';
import { expectHandled } from '../helpers/bad-input.ts';
import { fullStorageManifest } from '../helpers/documents.ts';
import { contextOf, lineOf, type Entry } from '../helpers/exported-archive.ts';
import { faultRounds, faultSeed } from '../helpers/faults.ts';
import { mutateBytes, mutations, type Mutation } from '../helpers/mutations.ts';

const group = 'hostile-exports';
const rounds = faultRounds(150, 5000);
const timeout = faultRounds(300_000, 600_000);
const seeded = `${rounds} rounds, seed ${faultSeed}`;
const archive = 'shop-20261121T020000Z-storage';

const names = ['a.txt', 'dir/b.txt', 'x'.repeat(300), 'ü/é 表.txt', '..', 'a\nb'];
const types = ['file', 'symlink', 'link', 'character-device', 'block-device', 'fifo', 'directory', 'contiguous-file'] as const;

interface OddEntry {
  readonly index: number;
  readonly type: (typeof types)[number];
  readonly name: string | undefined;
  readonly text: string | undefined;
  readonly isGone: boolean;
}

const oddEntries: fc.Arbitrary<readonly OddEntry[]> = fc.array(
  fc.record({
    index: fc.nat({ max: 20 }),
    type: fc.constantFrom(...types),
    name: fc.option(
      fc.constantFrom(
        '../canary',
        '/etc/canary',
        'storage/docs/../../../canary',
        'storage/docs/objects.jsonl',
        'storage/docs/objects/a.txt',
        'storage/docs/objects/\u001b[2J',
        'manifest.json',
        'storage/docs/objects/'.padEnd(4096, 'y/'),
      ),
      { nil: undefined },
    ),
    text: fc.option(fc.string(), { nil: undefined }),
    isGone: fc.boolean(),
  }),
  { maxLength: 4 },
);

/** What Borg exports of an archive that somebody has made by hand. */
function exported(odd: readonly OddEntry[], changes: readonly Mutation[] | null): Entry[] {
  const list = names.map((name) => lineOf(name)).join('');
  const sidecar = changes === null ? list : mutateBytes(Buffer.from(list), changes).toString();
  const entries: Entry[] = [
    { name: 'storage/docs/bucket.json', text: JSON.stringify({ id: 'docs', public: false }) },
    { name: 'storage/docs/objects.jsonl', text: sidecar },
    ...names.map((name) => ({ name: objectPath('docs', name), text: name })),
  ];
  for (const { index, type, name, text, isGone } of odd) {
    const at = index % entries.length;
    const before = entries[at]!;
    if (isGone) entries.splice(at, 1);
    const linkname = type.endsWith('link') ? { linkname: '/etc/passwd' } : {};
    entries.splice(at, 0, {
      ...before,
      name: name ?? before.name,
      text: type === 'file' || type === 'contiguous-file' ? (text ?? before.text ?? '') : '',
      type,
      ...linkname,
    });
  }
  return entries;
}

test(`archives of Storage with links, devices and paths that lead away (${seeded})`, { timeout }, async () => {
  const source = {
    archive,
    manifest: { ...fullStorageManifest, parts: [{ path: 'storage/docs/objects.jsonl', bytes: 1, sha256: 'a'.repeat(64) }] },
  };
  const kept = new Map<string, Buffer>();
  const files = {
    saveStream: async (path: string, stream: Readable) => void kept.set(path, await buffer(stream)),
    readFile: (path: string) => Readable.from([kept.get(path)!]),
  };
  await expectHandled({
    group,
    fault: 'exported archives of Storage with entries of other types, names, contents and order',
    rounds,
    inputs: fc.tuple(oddEntries, fc.option(mutations), fc.constantFrom('extract', 'restore', 'buckets', 'verify', 'parts')),
    async read([odd, changes, how]) {
      kept.clear();
      const context = {
        ...contextOf(exported(odd, changes), files),
        progress: { bytes: () => undefined },
      } as unknown as RunContext;
      if (how === 'buckets') await readBuckets(context, archive, { manifest: source.manifest });
      else if (how === 'verify') await verifyObjects(context, archive, source.manifest);
      else if (how === 'parts') await verifyParts(context, archive, source.manifest);
      else if (how === 'restore')
        await readObjects(
          context,
          { archive, bucket: 'docs', selection: allObjects, directory: '/run' },
          {
            begin: async () => undefined,
            add: async ({ name, path }, bytes) => expectPlaced({ name, path }, await buffer(bytes)),
          },
        );
      else await extractAll(context, source);
    },
  });
});

/** Whatever an archive holds: no bytes become an object but those that lie where its name says. */
function expectPlaced({ name, path }: Pick<SidecarObject, 'name' | 'path'>, bytes: Buffer): void {
  expect(path, bytes.toString()).toBe(objectPath('docs', name));
}

async function extractAll(context: RunContext, source: Parameters<typeof copyObjects>[1]['source']): Promise<void> {
  await copyObjects(context, {
    source,
    paths: ['storage'],
    async choose(bucket, objects) {
      const found: Omit<ExtractedObject, 'target'>[] = [];
      for await (const { name, size, sha256 } of objects) found.push({ bucket, name, size, sha256, modified: undefined });
      const pathOf = createPathChooser(
        bucket,
        found.map(({ name }) => name),
      );
      return found.map((object) => ({ ...object, target: pathOf(object.name).path }));
    },
    output: {
      async write({ target }, content) {
        expect(target.startsWith('/')).toBe(false);
        expect(target.split('/').filter((part) => ['', '.', '..'].includes(part))).toEqual([]);
        await buffer(content);
      },
    },
    onCopied: () => undefined,
    onBytes: () => undefined,
    onDamaged: () => undefined,
  });
}

import fc from 'fast-check';
import { readFileSync, rmSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { InventoryObject } from '../../../../src/domain/storage/inventory.ts';
import { objectPath } from '../../../../src/domain/storage/object-path.ts';
import type { Mirror } from '../../../../src/object-store.ts';
import { openMirror } from '../../../../src/tools/mirror/mirror.ts';
import { bytesOf, inventoryObject } from '../../../helpers/mirror.ts';

const buckets = ['a', 'objects'];
const names = ['a', 'a/b', 'a/b.txt', '/', '../x'];

const place = fc.record({ bucket: fc.constantFrom(...buckets), name: fc.constantFrom(...names) });
const content = fc.record({ place, version: fc.nat(2), hasVersion: fc.boolean() });
const step = fc.oneof(
  fc.record({ kind: fc.constant('inventory' as const), contents: fc.array(content, { maxLength: 8 }) }),
  fc.record({ kind: fc.constant('store' as const), count: fc.nat(5) }),
  fc.record({ kind: fc.constantFrom('drop' as const, 'lose' as const, 'cut' as const), place }),
  fc.record({ kind: fc.constantFrom('removeOthers' as const, 'reopen' as const, 'loseIndex' as const) }),
);
type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
type Step = ValueOf<typeof step>;

interface Content {
  readonly object: InventoryObject;
  readonly text: string;
}

const keyOf = ({ bucket, name }: { bucket: string; name: string }): string => JSON.stringify([bucket, name]);

/** Each content has a size and an eTag of its own, and is told from others with and without its version. */
function toContent({ place: { bucket, name }, version, hasVersion }: ValueOf<typeof content>): Content {
  const text = `${name} ${'x'.repeat(version)}`;
  return { object: inventoryObject(name, text, { bucket, ...(hasVersion ? {} : { version: null }) }), text };
}

/** What the mirror should hold, and be asked for. */
class Model {
  /** What the index knows, and whether the file is still that. */
  readonly held = new Map<string, { readonly text: string; readonly isWhole: boolean }>();
  readonly inventory = new Map<string, Content>();

  begin(contents: readonly Content[]): void {
    this.inventory.clear();
    for (const each of contents) this.inventory.set(keyOf(each.object), each);
    // Whoever is asked for is looked at.
    for (const [key, { text }] of this.inventory) {
      const held = this.held.get(key);
      if (held?.text === text && !held.isWhole) this.held.delete(key);
    }
  }

  pending(): string[] {
    return [...this.inventory].filter(([key, { text }]) => this.held.get(key)?.text !== text).map(([key]) => key);
  }
}

async function take(mirror: Mirror, model: Model, next: Step): Promise<void> {
  if (next.kind === 'inventory') {
    const contents = next.contents.map(toContent);
    model.begin(contents);
    mirror.startInventory();
    mirror.addBuckets(buckets.map((id) => ({ id, row: '{}' })));
    mirror.addObjects(contents.map(({ object }) => object));
  } else if (next.kind === 'store') {
    for (const object of [...mirror.pending()].slice(0, next.count)) {
      const { text } = model.inventory.get(keyOf(object))!;
      await mirror.store(object, bytesOf(text));
      model.held.set(keyOf(object), { text, isWhole: true });
    }
  } else if (next.kind === 'drop') {
    mirror.dropFromInventory(next.place);
    model.inventory.delete(keyOf(next.place));
  } else if (next.kind === 'removeOthers') {
    const others = [...model.held.keys()].filter((key) => !model.inventory.has(key));
    if (model.inventory.size === 0 && model.held.size > 0) {
      await expect(mirror.removeOthers()).rejects.toMatchObject({ code: 'failed' });
    } else {
      expect(await mirror.removeOthers()).toBe(others.length);
      for (const key of others) model.held.delete(key);
    }
  }
}

function check(directory: string, mirror: Mirror, model: Model): void {
  expect([...mirror.pending()].map(keyOf).toSorted()).toEqual(model.pending().toSorted());
  const mirrored = buckets.flatMap((bucket) => [...mirror.mirrored(bucket)]);
  for (const { path, ...object } of mirrored)
    expect(readFileSync(join(directory, path), 'utf8')).toBe(model.held.get(keyOf(object))?.text);
  const { objects, pendingObjects } = mirror.summary();
  expect([objects, pendingObjects, mirrored.length]).toEqual([
    model.inventory.size,
    model.pending().length,
    model.inventory.size - model.pending().length,
  ]);
}

/** Changes the directory while it is not open. */
function tamper(directory: string, model: Model, next: Step): void {
  if (next.kind === 'loseIndex') {
    rmSync(join(directory, 'index.db'));
    // There are no sidecars here to know anything from.
    model.held.clear();
  } else if (next.kind === 'lose' || next.kind === 'cut') {
    const held = model.held.get(keyOf(next.place));
    if (held?.isWhole !== true) return;
    const path = join(directory, objectPath(next.place.bucket, next.place.name));
    if (next.kind === 'lose') rmSync(path);
    else truncateSync(path, 0);
    model.held.set(keyOf(next.place), { ...held, isWhole: false });
  }
}

test('the mirror holds what a model of it holds, whatever happens in whichever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const directory = await mkdtemp(join(tmpdir(), 'agent-test-'));
      const model = new Model();
      let mirror = openMirror(directory);
      try {
        for (const next of steps) {
          if (['lose', 'cut', 'reopen', 'loseIndex'].includes(next.kind)) {
            mirror.close();
            tamper(directory, model, next);
            mirror = openMirror(directory);
            model.begin([]);
          } else await take(mirror, model, next);
          check(directory, mirror, model);
        }
      } finally {
        mirror.close();
        await rm(directory, { recursive: true });
      }
    }),
    { numRuns: 100 },
  );
});

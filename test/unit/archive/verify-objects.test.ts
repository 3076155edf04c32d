import { expect, test } from 'vitest';
import { verifyObjects } from '../../../src/archive/verify-objects.ts';
import type { StorageManifest } from '../../../src/domain/storage/manifest.ts';
import { objectPath } from '../../../src/domain/storage/object-path.ts';
import { silentProgress } from '../../../src/cli/progress.ts';
import { contextOf, lineOf, sidecar, type Entry } from '../../helpers/exported-archive.ts';

const [a, b] = [objectPath('docs', 'a'), objectPath('docs', 'b')];
const settings: Entry = { name: 'storage/docs/bucket.json', text: '{"id":"docs"}' };
const whole: readonly Entry[] = [settings, sidecar(lineOf('a'), lineOf('b')), { name: a, text: 'a' }, { name: b, text: 'b' }];

function verify(entries: readonly Entry[], totals = { objects: 2, bytes: 2 }): Promise<number> {
  const parts = [{ path: 'storage/docs/bucket.json' }, { path: 'storage/docs/objects.jsonl' }];
  const manifest = { buckets: [{ id: 'docs' }], parts, totals } as unknown as StorageManifest;
  return verifyObjects({ ...contextOf(entries), progress: silentProgress }, 'shop-storage', manifest);
}

test('objects that are what their sidecar says are counted by their bytes', async () => {
  expect(await verify(whole)).toBe(2);
});

test('an archive without a bucket is not even opened', async () => {
  const manifest = {
    buckets: [],
    parts: [{ path: 'RECOVERY.md' }],
    totals: { objects: 0, bytes: 0 },
  } as unknown as StorageManifest;
  expect(await verifyObjects(contextOf([]), 'shop-storage', manifest)).toBe(0);
});

test.each<[string, readonly Entry[], string]>([
  [
    'has another content',
    [...whole.slice(0, 3), { name: b, text: 'x' }],
    `${b} has another content than when it was downloaded`,
  ],
  ['is longer', [...whole.slice(0, 3), { name: b, text: 'bb' }], `${b} has another content than when it was downloaded`],
  ['is missing', whole.slice(0, 3), `it lacks ${b}, which its sidecar names`],
  ['is missing in the middle', [whole[0]!, whole[1]!, whole[3]!], `it holds ${b}, where its sidecar names ${a}`],
  [
    'is named by no sidecar',
    [...whole, { name: 'storage/docs/objects/c%', text: 'c' }],
    'it holds storage/docs/objects/c%, where its sidecar names nothing',
  ],
])('an object that %s is found', async (_, entries, what) => {
  await expect(verify(entries)).rejects.toMatchObject({
    code: 'verification_failed',
    message: `shop-storage is not good: ${what}.`,
  });
});

test('a manifest that tells of more than there is, is not believed', async () => {
  await expect(verify(whole, { objects: 3, bytes: 2 })).rejects.toMatchObject({
    code: 'verification_failed',
    message: expect.stringContaining('tells of 3 objects with 2 bytes, and it holds 2 with 2') as string,
  });
});

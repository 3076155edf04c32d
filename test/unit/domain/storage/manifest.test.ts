import { describe, expect, test } from 'vitest';
import { archiveManifestSchema, storageManifestSchema, type StorageManifest } from '../../../../src/domain/storage/manifest.ts';

const manifest: StorageManifest = {
  formatVersion: 1,
  kind: 'storage',
  backupId: 'shop-20261121T020000Z',
  project: 'shop',
  status: 'incomplete',
  startedAt: '2026-11-21T02:00:00.000Z',
  finishedAt: '2026-11-21T02:00:09.120Z',
  durationMs: 9120,
  agentVersion: '0.1.0',
  tools: { borg: '1.2.4', node: '24.2.0' },
  chunkerParams: 'buzhash,19,23,21,4095',
  source: { url: 'https://abcdefghijklmnopqrst.supabase.co' },
  listedBy: 'database',
  totals: { buckets: 1, objects: 2, bytes: 30, downloadedObjects: 1, downloadedBytes: 15 },
  buckets: [{ id: 'avatars', objects: 2, bytes: 30, missing: 1 }],
  parts: [{ path: 'storage/avatars/bucket.json', bytes: 120, sha256: 'f'.repeat(64) }],
  missing: { count: 1, names: [{ bucket: 'avatars', name: 'a/b.png', reason: 'answered 500 five times' }] },
  changed: { count: 1, names: [{ bucket: 'avatars', name: 'gone.png', what: 'removed' }] },
  left: { objects: 0, bytes: 0 },
  coverage: [{ component: 'storage objects', state: 'not readable', detail: '1 of 3 objects' }],
  warnings: [],
};

/** As it comes out of an archive. */
const stored = (): Record<string, unknown> => JSON.parse(JSON.stringify(manifest)) as Record<string, unknown>;

test('a manifest survives the archive, read as what it is and as one of either kind', () => {
  expect(storageManifestSchema.parse(stored())).toEqual(manifest);
  expect(archiveManifestSchema.parse(stored())).toEqual(manifest);
});

test('what a later version has added is passed over', () => {
  expect(storageManifestSchema.parse({ ...stored(), signature: 'abc' })).toEqual(manifest);
});

describe('a manifest without a field it needs is refused', () => {
  test.each(Object.keys(manifest))('%s', (field) => {
    const { [field]: _missing, ...rest } = stored();
    expect(storageManifestSchema.safeParse(rest).error?.issues[0]?.path).toEqual([field]);
  });
});

test.each([
  ['another format', { formatVersion: 2 }],
  ['another kind', { kind: 'database' }],
  ['a kind that there is not', { kind: 'functions' }],
  ['a negative number', { left: { objects: -1, bytes: 0 } }],
  ['part of a byte', { totals: { ...manifest.totals, bytes: 0.5 } }],
])('%s is refused', (_what, change) => {
  expect(archiveManifestSchema.safeParse({ ...stored(), ...change }).success).toBe(false);
});

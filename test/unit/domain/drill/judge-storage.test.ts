import { describe, expect, test } from 'vitest';
import { judgeObjects, judgeStorageRows } from '../../../../src/domain/drill/judge-storage.ts';
import type { StorageManifest } from '../../../../src/domain/storage/manifest.ts';

const manifest = {
  totals: { objects: 3 },
  missing: { count: 0, names: [] },
  changed: { count: 0, names: [] },
  buckets: [{ id: 'docs', objects: 3, bytes: 9, missing: 0 }],
} as unknown as StorageManifest;

describe('objects', () => {
  const read = { named: 3, good: 3, bytes: 9, sample: 100, damaged: [] };

  test('that are all good are no finding', () => {
    expect(judgeObjects(manifest, read)).toEqual({ detail: '3 objects with 9 bytes', failed: [], notChecked: [] });
  });

  test('of a sample are called one', () => {
    expect(judgeObjects(manifest, { ...read, good: 1, bytes: 3, sample: 5 })).toMatchObject({
      detail: '1 objects with 3 bytes, a sample of 5 % of 3',
      failed: [],
    });
  });

  test('are not checked by a sample that holds none', () => {
    const none = judgeObjects(manifest, { ...read, good: 0, bytes: 0, sample: 1 });
    expect(none).toMatchObject({ failed: [], notChecked: [expect.stringContaining('take a larger one')] });
    expect(
      judgeObjects({ ...manifest, totals: { objects: 0 } } as StorageManifest, { ...read, named: 0, good: 0 }).notChecked,
    ).toEqual([]);
  });

  test('that are damaged, or not as many as they were, have failed', () => {
    expect(judgeObjects(manifest, { ...read, good: 2, damaged: ['docs/a: other'] }).failed).toEqual(['docs/a: other']);
    expect(judgeObjects(manifest, { ...read, named: 2 }).failed).toHaveLength(1);
  });

  test('that the backup does not hold are not checked', () => {
    const lacking = { ...manifest, missing: { count: 2, names: [] } };
    expect(judgeObjects(lacking, read)).toMatchObject({ failed: [], notChecked: [expect.stringContaining('2 objects')] });
  });
});

describe('rows', () => {
  const equal = { compared: 3, differences: [], buckets: [] };
  const difference = (kind: 'missing' | 'extra' | 'different') => ({ bucket: 'docs', name: 'a', kind, what: ['size'] });

  test('that have all their objects are no finding', () => {
    expect(judgeStorageRows(manifest, equal)).toEqual({ detail: '3 objects in 1 buckets', failed: [], notChecked: [] });
  });

  test.each([
    ['missing', 'docs/a: the object is there, and its row is not'],
    ['extra', 'docs/a: the row is there, and its object is not'],
    ['different', 'docs/a: other than in its row: size'],
  ] as const)('%s: %s', (kind, text) => {
    expect(judgeStorageRows(manifest, { ...equal, differences: [difference(kind)] })).toMatchObject({
      failed: [text],
      notChecked: [],
    });
  });

  test.each(['missing', 'different', 'extra'] as const)('what changed while the backup was made is named: %s', (kind) => {
    const changed = { count: 1, names: [{ bucket: 'docs', name: 'a', what: 'changed' as const }] };
    const found = judgeStorageRows({ ...manifest, changed }, { ...equal, differences: [difference(kind)] });
    expect([found.failed.length, found.notChecked.length]).toEqual([0, 1]);
  });

  test('what the backup was told to leave out is no finding', () => {
    const differences = [{ bucket: 'big', name: 'a', kind: 'extra' as const, what: [] }];
    const buckets = [{ bucket: 'big', kind: 'extra' as const, what: [] }];
    const leftOut = { ...manifest, leftOutBuckets: ['big'] };
    expect(judgeStorageRows(leftOut, { ...equal, differences, buckets })).toMatchObject({ failed: [], notChecked: [] });
    expect(judgeStorageRows(manifest, { ...equal, buckets }).failed).toEqual(['bucket big: the archive does not hold it']);
  });

  test.each([
    ['missing', 'bucket docs: it has no row'],
    ['different', 'bucket docs: other than in its row: public'],
  ] as const)('a bucket that is %s has failed', (kind, text) => {
    const buckets = [{ bucket: 'docs', kind, what: ['public'] }];
    expect(judgeStorageRows(manifest, { ...equal, buckets }).failed).toEqual([text]);
  });
});

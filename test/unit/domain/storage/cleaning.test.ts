import { expect, test } from 'vitest';
import { mayClean } from '../../../../src/domain/storage/cleaning.ts';
import type { StorageManifest } from '../../../../src/domain/storage/manifest.ts';
import {
  allObjects,
  createObjectSelection,
  parseWantedPath,
  wantBucket,
} from '../../../../src/domain/storage/object-selection.ts';

const whole = { objects: 1, bytes: 1, missing: 0 };
const manifestOf = (change: Partial<StorageManifest>): StorageManifest =>
  ({ status: 'complete', buckets: [{ id: 'docs', ...whole }], ...change }) as StorageManifest;
const docs = createObjectSelection([wantBucket('docs')]);
const folder = createObjectSelection([parseWantedPath('docs/a/', ['docs'])!]);

test.each([
  ['a whole backup', {}, allObjects, [true, true]],
  ['a bucket alone', {}, docs, [true, false]],
  ['a folder', {}, folder, [false, false]],
  ['what was missing', { status: 'incomplete', buckets: [{ id: 'docs', ...whole, missing: 1 }] }, allObjects, [false, false]],
  ['what was missing elsewhere', { status: 'incomplete' }, allObjects, [true, false]],
  ['objects that were left out', { buckets: [{ id: 'docs', ...whole, leftOut: 3 }] }, allObjects, [false, false]],
  ['buckets that were left out', { leftOutBuckets: ['cache'] }, allObjects, [true, false]],
  ['a backup without any bucket', { buckets: [] }, allObjects, [false, false]],
] as const)('after %s: in its bucket, in others', (_, change, selection, expected) => {
  const manifest = manifestOf(change as Partial<StorageManifest>);
  expect(['docs', 'other'].map((bucket) => mayClean(manifest, selection, bucket))).toEqual(expected);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { UploadedObject } from '../../../src/object-store.ts';
import { portionBytes } from '../../../src/tools/supabase/portions.ts';
import { planUpload } from '../../../src/tools/supabase/upload-plan.ts';

const plain: UploadedObject = {
  bucket: 'docs',
  name: 'a.txt',
  size: 10,
  contentType: 'text/plain',
  cacheControl: 'max-age=60',
  userMetadata: null,
};
const large = { size: portionBytes + 1 };
const metadataOf = (bytes: number): string => JSON.stringify({ text: 'x'.repeat(bytes - 11) });

test.each<[string, Partial<UploadedObject>, string]>([
  ['as usual', {}, 'raw'],
  ['of one portion', { size: portionBytes }, 'raw'],
  ['that is larger', large, 'resumable'],
  ['that is larger, with a cache-control of its own', { ...large, cacheControl: 'no-store' }, 'raw'],
  ['with a cache-control of its own', { cacheControl: 'no-store' }, 'raw'],
  ['with some user metadata', { userMetadata: metadataOf(5000) }, 'raw'],
  ['with a line that not every proxy takes', { userMetadata: metadataOf(8000) }, 'form'],
  ['with such a line and a cache-control of its own', { userMetadata: metadataOf(8000), cacheControl: 'no-store' }, 'raw'],
  ['with much user metadata', { userMetadata: metadataOf(100_000) }, 'form'],
  ['that is larger, with much user metadata', { ...large, userMetadata: metadataOf(100_000) }, 'form'],
  ['with user metadata and a name that fill the headers', { userMetadata: metadataOf(8000), name: 'n/'.repeat(1000) }, 'form'],
  ['whose name no address can carry', { name: 'a/../b' }, 'resumable'],
  ['whose bucket no address can carry', { bucket: '..' }, 'resumable'],
  ['whose type is none', { contentType: 'nonsense' }, 'resumable'],
  ['whose type is a form', { contentType: 'multipart/form-data; boundary=x' }, 'form'],
  ['whose type has more than ASCII', { contentType: 'text/plain; name=é' }, 'resumable'],
  ['that only resumable uploads take', { size: 6_000_000_000, cacheControl: 'max-age=1' }, 'resumable'],
])('an object %s goes its way', (_, rest, way) => {
  const plan = planUpload({ ...plain, ...rest });
  expect(plan).toMatchObject({ way, deviations: [] });
});

test('what is neither sent nor told of does not exist', () => {
  const value = fc.option(
    fc.oneof(
      fc.string(),
      fc.constantFrom('max-age=1', 'max-age=1, immutable', 'no-cache', 'no-store', '3600', 'text/x', ' a/b'),
    ),
    { nil: undefined },
  );
  const metadata = fc.option(
    fc.oneof(
      fc.dictionary(fc.string(), fc.string()).map((object) => JSON.stringify(object)),
      fc.constantFrom(5000, 8000, 9000, 1_000_000, 1_100_000).map(metadataOf),
    ),
    { nil: null },
  );
  const size = fc.constantFrom(0, 10, portionBytes, portionBytes + 1, 6_000_000_000);
  const name = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('a/../b', 'n/'.repeat(3000)));
  const object = fc.record({ name, size, contentType: value, cacheControl: value, userMetadata: metadata });
  fc.assert(
    fc.property(object, (given) => {
      const plan = planUpload({ bucket: 'docs', ...given });
      expect(plan.contentType ?? '').toBe(given.contentType ?? '');
      const loses =
        (given.cacheControl?.trim() !== '' && plan.cacheControl !== given.cacheControl) ||
        (given.userMetadata !== null && plan.userMetadata !== given.userMetadata);
      expect(plan.deviations.length > 0).toBe(loses);
    }),
  );
});

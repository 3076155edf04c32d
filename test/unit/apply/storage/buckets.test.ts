import { expect, test } from 'vitest';
import { openBuckets, type BucketTarget } from '../../../../src/apply/storage/buckets.ts';
import type { BucketSettings, LiftedLimits } from '../../../../src/domain/storage/settings.ts';

const url = 'https://a.example.com';
const lifted = { fileSizeLimit: null, allowedMimeTypes: null };
const limited: BucketSettings = { public: true, fileSizeLimit: 7, allowedMimeTypes: ['text/css'] };
const row = JSON.stringify({ id: 'docs', public: false, file_size_limit: 5, allowed_mime_types: ['image/png'] });
const captured: BucketSettings = { public: false, fileSizeLimit: 5, allowedMimeTypes: ['image/png'] };

/** A target of these buckets, in memory. `broken` fails at every change but the lifting. */
function createTarget(found: Record<string, BucketSettings>, noted: readonly LiftedLimits[] = []) {
  const buckets = new Map(Object.entries(found));
  const notes = new Map(noted.map((note) => [`${note.url} ${note.bucket}`, note]));
  const broken = { api: false, database: false };
  const target: BucketTarget = {
    store: {
      url,
      bucketSettings: async (id) => buckets.get(id),
      createBucket: async (id, settings) => void buckets.set(id, settings),
      async updateBucket(id, settings) {
        if (broken.api) throw new Error('the key has expired');
        buckets.set(id, settings);
      },
    },
    session: {
      async query(_, [id, isPublic, fileSizeLimit, allowedMimeTypes] = []) {
        if (broken.database) throw new Error('the connection is gone');
        buckets.set(String(id), { public: isPublic, fileSizeLimit, allowedMimeTypes } as BucketSettings);
        return [];
      },
    },
    state: {
      noteLiftedLimits: (note) => void notes.set(`${note.url} ${note.bucket}`, note),
      liftedLimits: () => [...notes.values()],
      forgetLiftedLimits: (note) => void notes.delete(`${note.url} ${note.bucket}`),
    },
  };
  return { target, buckets, notes, broken };
}

test.each([
  [true, captured],
  [false, limited],
])('limits are lifted, noted, and put back (all of the bucket: %s)', async (whole, final) => {
  const { target, buckets, notes } = createTarget({ docs: limited });
  const { created, close } = await openBuckets(target, [{ id: 'docs', row, whole }]);
  expect(created).toEqual([]);
  expect(buckets.get('docs')).toEqual({ ...limited, ...lifted });
  expect([...notes.values()]).toMatchObject([{ url, bucket: 'docs', fileSizeLimit: final.fileSizeLimit }]);
  expect(await close()).toEqual([]);
  expect(buckets.get('docs')).toEqual(final);
  expect(notes.size).toBe(0);
});

test('a bucket that is missing is made, and gets its limits in the end', async () => {
  const { target, buckets, notes } = createTarget({});
  const { created, close } = await openBuckets(target, [{ id: 'docs', row, whole: false }]);
  expect({ created, now: buckets.get('docs'), noted: notes.size }).toEqual({
    created: ['docs'],
    now: { ...captured, ...lifted },
    noted: 1,
  });
  expect(await close()).toEqual([]);
  expect(buckets.get('docs')).toEqual(captured);
});

const note: LiftedLimits = { url, bucket: 'docs', fileSizeLimit: 7, allowedMimeTypes: ['text/css'] };

test('what a killed restore has left lifted is put back, also by a restore of something else', async () => {
  const killed = { docs: { ...limited, ...lifted } };
  const part = createTarget(killed, [note]);
  const { close } = await openBuckets(part.target, [{ id: 'docs', row, whole: false }]);
  expect(part.buckets.get('docs')).toEqual({ ...limited, ...lifted });
  await close();
  expect(part.buckets.get('docs')).toEqual(limited);

  const elsewhere = { ...note, url: 'https://b.example.com' };
  const other = createTarget(killed, [note, { ...note, bucket: 'gone' }, elsewhere]);
  await openBuckets(other.target, []);
  expect(other.buckets.get('docs')).toEqual(limited);
  expect([...other.notes.values()]).toEqual([elsewhere]);
});

test('limits that somebody has set since stay', async () => {
  const { target, buckets, notes } = createTarget({ docs: { ...limited, fileSizeLimit: 9 } }, [note]);
  await openBuckets(target, []);
  expect(buckets.get('docs')).toEqual({ ...limited, fileSizeLimit: 9 });
  expect(notes.size).toBe(0);
});

test('where the API fails the database is told, and where both fail the bucket is named and stays noted', async () => {
  const { target, buckets, notes, broken } = createTarget({ docs: limited });
  const { close } = await openBuckets(target, [{ id: 'docs', row, whole: true }]);
  broken.api = true;
  broken.database = true;
  expect(await close()).toEqual(['bucket docs: its limits are still lifted: the connection is gone']);
  expect(notes.size).toBe(1);
  broken.database = false;
  expect(await close()).toEqual([]);
  expect(buckets.get('docs')).toEqual(captured);
  expect(notes.size).toBe(0);
});

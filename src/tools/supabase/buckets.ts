import { z } from 'zod';
import { StorageError } from '../../domain/storage/storage-error.ts';
import type { BucketSettings } from '../../domain/storage/settings.ts';
import type { ObjectStore } from '../../object-store.ts';
import { encodePath } from './address.ts';
import { toClientError, type StorageClient } from './client.ts';
import { parseAs } from './json.ts';

/** Names of one request: some servers take no more (REQUEST_HARD_LIMITS_ENABLED). */
const removedAtOnce = 1000;

const settingsSchema = z.object({
  public: z.boolean(),
  file_size_limit: z.number().nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
});

/** What is changed by the client library: buckets, and the removal of objects, whose names it sends as they are. */
export function createBuckets(
  client: () => Promise<StorageClient>,
): Pick<ObjectStore, 'bucketSettings' | 'createBucket' | 'updateBucket' | 'remove'> {
  return {
    async bucketSettings(id) {
      const what = `Bucket ${id}`;
      // The library puts the id into the address as it is.
      const { data, error } = await (await client()).getBucket(encodePath(id));
      if (error !== null) {
        const failure = toClientError(what, error);
        if (failure instanceof StorageError && failure.failure === 'missing') return undefined;
        throw failure;
      }
      const settings = parseAs(what, settingsSchema, data);
      return {
        public: settings.public,
        fileSizeLimit: settings.file_size_limit ?? null,
        allowedMimeTypes: settings.allowed_mime_types ?? null,
      };
    },

    async createBucket(id, settings) {
      const { error } = await (await client()).createBucket(id, toOptions(settings));
      if (error !== null) throw toClientError(`Bucket ${id}`, error);
    },

    async updateBucket(id, settings) {
      // It stands in the body too, where the server does not look at it.
      const { error } = await (await client()).updateBucket(encodePath(id), toOptions(settings));
      if (error !== null) throw toClientError(`Bucket ${id}`, error);
    },

    async remove(bucket, names) {
      for (let start = 0; start < names.length; start += removedAtOnce) {
        const { error } = await (await client()).from(encodePath(bucket)).remove(names.slice(start, start + removedAtOnce));
        if (error !== null) throw toClientError(`The removal of objects from bucket ${bucket}`, error);
      }
    },
  };
}

function toOptions({ allowedMimeTypes, ...settings }: BucketSettings) {
  return { ...settings, allowedMimeTypes: allowedMimeTypes === null ? null : [...allowedMimeTypes] };
}

import type { ObjectStore } from '../../object-store.ts';
import { createBuckets } from './buckets.ts';
import { openClient, type StorageClient } from './client.ts';
import { describeObject } from './describe-object.ts';
import { download } from './download.ts';
import { createListing } from './listing.ts';
import { createTransport, type TransportOptions } from './transport.ts';
import { upload } from './upload.ts';

/** The Storage API of the project at `url`. It keeps connections open until it is closed. */
export function createObjectStore(options: TransportOptions): ObjectStore {
  const transport = createTransport(options);
  let opened: Promise<StorageClient> | undefined;
  const client = (): Promise<StorageClient> => (opened ??= openClient(transport, options));
  return {
    url: options.url,
    ...createListing(client),
    ...createBuckets(client),
    download: (object, signal) => download(transport, object, signal),
    describe: (object, signal) => describeObject(transport, object, signal),
    upload: (object, body, signal) => upload(transport, object, body, signal),
    close: () => transport.close(),
  };
}

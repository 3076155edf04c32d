import type { StorageManifest } from '../../domain/storage/manifest.ts';
import { bucketSidecarPath, formatBucketSidecar, formatObjectLine, objectsSidecarPath } from '../../domain/storage/sidecar.ts';
import type { Mirror } from '../../object-store.ts';

type SidecarMirror = Pick<Mirror, 'buckets' | 'mirrored' | 'writeText'>;
type Sidecar = StorageManifest['parts'][number];

/** Writes, beside the bytes of each bucket, its settings and a line for each object. */
export async function writeSidecars(mirror: SidecarMirror): Promise<Sidecar[]> {
  const written: Sidecar[] = [];
  const write = async (path: string, chunks: Iterable<string>): Promise<void> => {
    written.push({ path, ...(await mirror.writeText(path, chunks)) });
  };
  for (const bucket of mirror.buckets()) {
    await write(bucketSidecarPath(bucket.id), [formatBucketSidecar(bucket)]);
    await write(objectsSidecarPath(bucket.id), objectLines(mirror, bucket.id));
  }
  return written;
}

function* objectLines(mirror: SidecarMirror, bucket: string): Iterable<string> {
  for (const object of mirror.mirrored(bucket)) yield formatObjectLine(object);
}

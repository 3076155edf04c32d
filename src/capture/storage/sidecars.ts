import type { StorageManifest } from '../../domain/storage/manifest.ts';
import { bucketDirectory } from '../../domain/storage/object-path.ts';
import { formatBucket, formatObjectLine } from '../../domain/storage/sidecar.ts';
import type { Mirror } from '../../object-store.ts';

type SidecarMirror = Pick<Mirror, 'buckets' | 'mirrored' | 'writeText'>;
export type Sidecar = StorageManifest['parts'][number];

/** Where the sidecars of a bucket lie. */
export function sidecarPaths(bucket: string): { readonly bucket: string; readonly objects: string } {
  const directory = bucketDirectory(bucket);
  return { bucket: `${directory}/bucket.json`, objects: `${directory}/objects.jsonl` };
}

/** Writes, beside the bytes of each bucket, its settings and a line for each object. */
export async function writeSidecars(mirror: SidecarMirror): Promise<Sidecar[]> {
  const written: Sidecar[] = [];
  for (const bucket of mirror.buckets()) {
    const paths = sidecarPaths(bucket.id);
    written.push({ path: paths.bucket, ...(await mirror.writeText(paths.bucket, [formatBucket(bucket)])) });
    written.push({ path: paths.objects, ...(await mirror.writeText(paths.objects, objectLines(mirror, bucket.id))) });
  }
  return written;
}

function* objectLines(mirror: SidecarMirror, bucket: string): Iterable<string> {
  for (const object of mirror.mirrored(bucket)) yield formatObjectLine(object);
}

import { bucketDirectory, objectPath } from './object-path.ts';
import { objectsSidecarPath } from './sidecar.ts';

/** What a user asks for of Storage: a bucket, all below a prefix, or one object. */
export interface WantedPath {
  /** As it was typed. */
  readonly text: string;
  readonly bucket: string;
  /** What it selects in the bucket: '' for all of it, `photos/` for all below, `photos/a.png` for one object. */
  readonly key: string;
}

export interface ObjectSelection {
  /** Those that select something, in no order; undefined stands for all of Storage. */
  readonly buckets: ReadonlyMap<string, ReadonlyMap<string, WantedPath>> | undefined;
}

/** Borg compares each path that it is asked for with each file of an archive: many take longer than to read what is not wanted. */
const maximumAsked = 200;
/** Far below what Linux takes as arguments of a program, which is 2 MiB with the usual limit of the stack. */
const maximumAskedBytes = 128 * 1024;

/** What `BUCKET`, `BUCKET/dir/` or `BUCKET/name` means; undefined when it begins with no bucket. */
export function parseWantedPath(text: string, buckets: readonly string[]): WantedPath | undefined {
  const fitting = buckets.filter((id) => text === id || text.startsWith(`${id}/`));
  const [bucket] = fitting.toSorted((a, b) => b.length - a.length);
  return bucket === undefined ? undefined : { text, bucket, key: text.slice(bucket.length + 1) };
}

/** No path at all selects everything. */
export function createObjectSelection(paths: readonly WantedPath[]): ObjectSelection {
  if (paths.length === 0) return { buckets: undefined };
  const ofBucket = [...Map.groupBy(paths, ({ bucket }) => bucket)];
  return { buckets: new Map(ofBucket.map(([bucket, wanted]) => [bucket, new Map(wanted.map((path) => [path.key, path]))])) };
}

interface Matches {
  readonly selected: boolean;
  /** The paths that select the object. */
  readonly paths: readonly WantedPath[];
  /** Those that name no prefix, but would select it if a slash followed. */
  readonly almost: readonly WantedPath[];
}

/** However many paths there are, this takes as long as the name has slashes. */
export function matchObject({ buckets }: ObjectSelection, bucket: string, name: string): Matches {
  if (buckets === undefined) return { selected: true, paths: [], almost: [] };
  const wanted = buckets.get(bucket) ?? new Map<string, WantedPath>();
  const slashes = [...name.matchAll(/\//g)].map(({ index }) => index);
  const find = (keys: Iterable<string>): WantedPath[] => [...new Set(keys)].flatMap((key) => wanted.get(key) ?? []);
  const paths = find(['', ...slashes.map((index) => name.slice(0, index + 1)), name]);
  // What is empty before a slash at the beginning would be the whole bucket.
  const almost = find(slashes.filter((index) => index > 0).map((index) => name.slice(0, index)));
  return { selected: paths.length > 0, paths, almost };
}

/**
 * The paths in the archive, files and directories, that hold all that is selected, sidecars included. They may hold more: where they
 * would be too many, a whole bucket is asked for, or everything.
 */
export function archivedPaths({ buckets }: ObjectSelection): readonly string[] {
  if (buckets === undefined) return ['storage'];
  const exact = [...buckets].flatMap(([bucket, wanted]) =>
    wanted.has('')
      ? [bucketDirectory(bucket)]
      : [objectsSidecarPath(bucket), ...[...wanted.keys()].map((key) => archivedPath(bucket, key))],
  );
  const candidates = [exact, [...buckets.keys()].map(bucketDirectory)];
  return candidates.find(isShort) ?? ['storage'];
}

function isShort(paths: readonly string[]): boolean {
  return paths.length <= maximumAsked && paths.reduce((sum, path) => sum + Buffer.byteLength(path), 0) <= maximumAskedBytes;
}

function archivedPath(bucket: string, key: string): string {
  if (!key.endsWith('/')) return objectPath(bucket, key);
  const below = objectPath(bucket, `${key}x`);
  return below.slice(0, below.lastIndexOf('/'));
}

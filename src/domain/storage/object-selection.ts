import { bucketDirectory, objectPath } from './object-path.ts';
import { objectsSidecarPath } from './sidecar.ts';

/** What a user asks for of Storage: a bucket, all whose names begin in one way, or one object. */
export interface WantedObjects {
  /** As it was typed. */
  readonly text: string;
  readonly bucket: string;
  readonly kind: 'bucket' | 'prefix' | 'object';
  /** Of the object, or how names begin; '' of a bucket. */
  readonly name: string;
}

/** Which objects of a backup are asked for. */
export interface ObjectSelection {
  /** Those that something is asked for of, in no order; undefined stands for all of Storage. */
  readonly buckets: ReadonlyMap<string, WantedOfBucket> | undefined;
}

interface WantedOfBucket {
  readonly all: ReadonlyMap<string, WantedObjects>;
  /** Prefixes that do not end with a slash. */
  readonly ragged: readonly WantedObjects[];
}

export const allObjects: ObjectSelection = { buckets: undefined };

/** Borg compares each path that it is asked for with each file of an archive: many take longer than to read what is not wanted. */
const maximumAsked = 200;
/** Far below what Linux takes as arguments of a program, which is 2 MiB with the usual limit of the stack. */
const maximumAskedBytes = 128 * 1024;

/** What `BUCKET`, `BUCKET/dir/` or `BUCKET/name` means; undefined when it begins with no bucket. */
export function parseWantedPath(text: string, buckets: readonly string[]): WantedObjects | undefined {
  const fitting = buckets.filter((id) => text === id || text.startsWith(`${id}/`));
  const [bucket] = fitting.toSorted((a, b) => b.length - a.length);
  if (bucket === undefined) return undefined;
  const name = text.slice(bucket.length + 1);
  if (name === '') return { text, bucket, kind: 'bucket', name };
  return { text, bucket, kind: name.endsWith('/') ? 'prefix' : 'object', name };
}

/** `avatars/2024/photo.png`: the bucket up to the first slash. Undefined without a bucket or a name. */
export function parseWantedName(kind: 'object' | 'prefix', text: string): WantedObjects | undefined {
  const slash = text.indexOf('/');
  if (slash <= 0 || slash === text.length - 1) return undefined;
  return { text, bucket: text.slice(0, slash), kind, name: text.slice(slash + 1) };
}

export function wantBucket(id: string): WantedObjects {
  return { text: id, bucket: id, kind: 'bucket', name: '' };
}

/** Nothing asked for selects everything. */
export function createObjectSelection(wanted: readonly WantedObjects[]): ObjectSelection {
  if (wanted.length === 0) return allObjects;
  const ofBucket = [...Map.groupBy(wanted, ({ bucket }) => bucket)];
  return {
    buckets: new Map(
      ofBucket.map(([bucket, some]) => {
        const all = new Map(some.map((one) => [keyOf(one.kind, one.name), one]));
        return [
          bucket,
          { all, ragged: [...all.values()].filter(({ kind, name }) => kind === 'prefix' && !name.endsWith('/')) },
        ];
      }),
    ),
  };
}

function keyOf(kind: WantedObjects['kind'], name: string): string {
  return `${kind} ${name}`;
}

/** Whether all of a bucket is asked for. */
export function selectsBucket({ buckets }: ObjectSelection, bucket: string): boolean {
  return buckets === undefined || buckets.get(bucket)?.all.has(keyOf('bucket', '')) === true;
}

/** Whether a bucket is touched at all. */
export function touchesBucket({ buckets }: ObjectSelection, bucket: string): boolean {
  return buckets === undefined || buckets.has(bucket);
}

interface Matches {
  readonly selected: boolean;
  /** What of that which was asked for selects the object. */
  readonly by: readonly WantedObjects[];
  /** Objects asked for that would select it as a prefix, with a slash at the end. */
  readonly almost: readonly WantedObjects[];
}

/** However much is asked for, this takes as long as the name has slashes, and there are prefixes that end with none. */
export function matchObject({ buckets }: ObjectSelection, bucket: string, name: string): Matches {
  if (buckets === undefined) return { selected: true, by: [], almost: [] };
  const wanted = buckets.get(bucket);
  if (wanted === undefined) return { selected: false, by: [], almost: [] };
  const slashes = [...name.matchAll(/\//g)].map(({ index }) => index);
  const find = (kind: WantedObjects['kind'], names: readonly string[]): WantedObjects[] =>
    names.flatMap((one) => wanted.all.get(keyOf(kind, one)) ?? []);
  const by = [
    ...find('bucket', ['']),
    ...find(
      'prefix',
      slashes.map((index) => name.slice(0, index + 1)),
    ),
    ...wanted.ragged.filter((prefix) => name.startsWith(prefix.name)),
    ...find('object', [name]),
  ];
  const almost = find(
    'object',
    slashes.map((index) => name.slice(0, index)),
  );
  return { selected: by.length > 0, by, almost };
}

/**
 * The paths in the archive, files and directories, that hold all that is selected, sidecars included. They may hold more: where they
 * would be too many, a whole bucket is asked for, or everything.
 */
export function archivedPaths(selection: ObjectSelection): readonly string[] {
  const ids = [...(selection.buckets?.keys() ?? [])];
  const candidates = [ids.flatMap((id) => archivedPathsOf(selection, id)), ids.map(bucketDirectory)];
  return (selection.buckets === undefined ? undefined : candidates.find(isShort)) ?? ['storage'];
}

/** The same for one bucket that the selection touches. */
export function archivedPathsOf(selection: ObjectSelection, bucket: string): readonly string[] {
  const whole = [bucketDirectory(bucket)];
  if (selectsBucket(selection, bucket)) return whole;
  const wanted = [...(selection.buckets?.get(bucket)?.all.values() ?? [])];
  const exact = [objectsSidecarPath(bucket), ...new Set(wanted.map(archivedPath))];
  return isShort(exact) ? exact : whole;
}

function isShort(paths: readonly string[]): boolean {
  return paths.length <= maximumAsked && paths.reduce((sum, path) => sum + Buffer.byteLength(path), 0) <= maximumAskedBytes;
}

function archivedPath({ bucket, kind, name }: WantedObjects): string {
  if (kind === 'object') return objectPath(bucket, name);
  // The rest of a component may change how it is written, so that of a prefix its directory is asked for.
  const below = objectPath(bucket, `${name.slice(0, name.lastIndexOf('/') + 1)}x`);
  return below.slice(0, below.lastIndexOf('/'));
}

/** Those of a bucket's objects that are selected. */
export async function* filterSelected<Item extends { readonly name: string }>(
  selection: ObjectSelection,
  bucket: string,
  objects: AsyncIterable<Item>,
): AsyncGenerator<Item> {
  for await (const object of objects) if (matchObject(selection, bucket, object.name).selected) yield object;
}

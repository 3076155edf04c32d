/** Which objects of a backup are asked for; all of them when nothing is said. */
export interface ObjectSelection {
  readonly buckets: readonly string[];
  readonly objects: readonly SelectedName[];
  /** Everything whose name begins so. */
  readonly prefixes: readonly SelectedName[];
}

export interface SelectedName {
  readonly bucket: string;
  readonly name: string;
}

export const allObjects: ObjectSelection = { buckets: [], objects: [], prefixes: [] };

function isEverything({ buckets, objects, prefixes }: ObjectSelection): boolean {
  return buckets.length + objects.length + prefixes.length === 0;
}

/** Whether all of a bucket is asked for. */
export function selectsBucket(selection: ObjectSelection, bucket: string): boolean {
  return isEverything(selection) || selection.buckets.includes(bucket);
}

/** Whether a bucket is touched at all. */
export function touchesBucket(selection: ObjectSelection, bucket: string): boolean {
  return (
    selectsBucket(selection, bucket) || [...selection.objects, ...selection.prefixes].some((asked) => asked.bucket === bucket)
  );
}

export function selectsObject(selection: ObjectSelection, { bucket, name }: SelectedName): boolean {
  return (
    selectsBucket(selection, bucket) ||
    selection.objects.some((asked) => asked.bucket === bucket && asked.name === name) ||
    selection.prefixes.some((asked) => asked.bucket === bucket && name.startsWith(asked.name))
  );
}

/** `avatars/2024/photo.png`: the bucket up to the first slash. Undefined without a bucket or a name. */
export function parseObjectName(text: string): SelectedName | undefined {
  const slash = text.indexOf('/');
  return slash <= 0 || slash === text.length - 1 ? undefined : { bucket: text.slice(0, slash), name: text.slice(slash + 1) };
}

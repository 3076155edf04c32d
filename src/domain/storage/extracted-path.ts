import { objectPath } from './object-path.ts';

/** Where an object goes that is taken out of a backup. */
export interface ExtractedPath {
  /** Relative, with forward slashes. */
  readonly path: string;
  /** Whether it is another one than its own name: the path that it has in the archive. */
  readonly renamed: boolean;
}

/** Of ext4, XFS and most others. */
const maximumBytes = 255;

/** What renamed objects lie below: the first component of every path of an archive. */
const archiveDirectory = 'storage';

/**
 * Chooses a path for each of the objects of a bucket that are extracted together: `BUCKET/name`. Where that can be no file
 * (a component is `..` or too long, or the name is the directory of another one), it is the object's path in the archive. Different
 * names have different paths, none is the directory of another, and none leads upwards.
 */
export function createPathChooser(bucket: string, names: Iterable<string>): (name: string) => ExtractedPath {
  // A bucket of that name would stand among the renamed objects of others.
  const ordinaryBucket = bucket !== archiveDirectory && !bucket.includes('/') && isFileName(bucket);
  const directories = new Set<string>();
  for (const name of names) {
    if (!isRelativePath(name)) continue;
    for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) directories.add(name.slice(0, slash));
  }
  return (name) => {
    const stays = ordinaryBucket && isRelativePath(name) && !directories.has(name);
    return stays ? { path: `${bucket}/${name}`, renamed: false } : { path: objectPath(bucket, name), renamed: true };
  };
}

function isRelativePath(name: string): boolean {
  return name.split('/').every(isFileName);
}

function isFileName(component: string): boolean {
  if (['', '.', '..'].includes(component) || component.includes('\0')) return false;
  // A lone surrogate has no bytes of its own in UTF-8.
  return component.isWellFormed() && Buffer.byteLength(component) <= maximumBytes;
}

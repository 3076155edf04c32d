import picomatch from 'picomatch';

export interface StorageFilter {
  /** Whether a bucket is looked at; of one that is, some objects may still be left out. */
  includesBucket(id: string): boolean;
  includesObject(bucket: string, name: string): boolean;
  /** Patterns that name none of these buckets: most likely there is a slip of the pen in them. */
  withoutBucket(ids: readonly string[]): string[];
}

interface Pattern {
  readonly text: string;
  /** Whether it may be about something in this bucket. */
  matchesBucket(id: string): boolean;
  /** Undefined for a pattern of whole buckets. */
  readonly matchesObject: ((bucket: string, name: string) => boolean) | undefined;
}

/** Names of objects are any text: a dot at the beginning hides nothing, and line ends are characters like others. */
const options = { dot: true, nonegate: true, noextglob: true, strictSlashes: true, flags: 's' } as const;

/**
 * Which buckets and objects belong to a backup, by globs: `avatars` and `public-*` stand for whole buckets, `videos/raw/**` and
 * `videos/raw/` for all objects below, `**\/*.tmp` for objects of every bucket. No glob in `buckets` means all of them; `exclude` wins.
 */
export function createStorageFilter(globs: { buckets: readonly string[]; exclude: readonly string[] }): StorageFilter {
  const wanted = globs.buckets.map(toPattern);
  const unwanted = globs.exclude.map(toPattern);
  const includesBucket = (id: string): boolean =>
    (wanted.length === 0 || wanted.some(({ matchesBucket }) => matchesBucket(id))) &&
    !unwanted.some(({ matchesBucket, matchesObject }) => matchesObject === undefined && matchesBucket(id));
  return {
    includesBucket,
    includesObject: (bucket, name) =>
      (wanted.length === 0 || wanted.some((pattern) => covers(pattern, bucket, name))) &&
      !unwanted.some((pattern) => covers(pattern, bucket, name)),
    withoutBucket: (ids) =>
      [...wanted, ...unwanted].filter(({ matchesBucket }) => !ids.some(matchesBucket)).map(({ text }) => text),
  };
}

function covers(pattern: Pattern, bucket: string, name: string): boolean {
  return pattern.matchesObject === undefined ? pattern.matchesBucket(bucket) : pattern.matchesObject(bucket, name);
}

/** Splits a list at its commas, but for those in braces and those after a backslash. */
export function parseGlobs(text: string): string[] {
  const parts = text.match(/(?:\\.|\{(?:\\.|[^}\\])*\}|[^,\\])+/gs) ?? [];
  return parts.map((part) => part.replace(/^\s*((?:\\.|[^\\])*?)\s*$/s, '$1')).filter((part) => part !== '');
}

/** The glob, as it stands in a list, that means one object and no other. */
export function globOfObject(bucket: string, name: string): string {
  return `${bucket}/${name}`.replaceAll(/[\\*?[\]{},]|^[\s!]|\s$|\/$/g, String.raw`\$&`);
}

/** A name can have 1024 bytes, a bucket 100, and each character a backslash before it. */
const longestGlob = 2500;

/** What is wrong with a glob, for the person who wrote it. */
export function findGlobProblem(glob: string): string | undefined {
  if (glob.startsWith('!')) return 'begins with !, which means nothing here: name what is not wanted in STORAGE_EXCLUDE';
  if (glob.startsWith('/')) return 'begins with /: a bucket stands first, as in avatars/small/**';
  if (glob.length > longestGlob) return `has more than ${longestGlob} characters`;
  return undefined;
}

function toPattern(text: string): Pattern {
  const slash = text.indexOf('/');
  if (slash < 0) return { text, matchesBucket: toMatcher(text), matchesObject: undefined };
  const bucketPart = text.slice(0, slash);
  const isDirectory = text.replaceAll(/\\./gs, '_').endsWith('/');
  const matches = toMatcher(isDirectory ? `${text}**` : text);
  return {
    text,
    // What a `**` or a brace that holds a slash has of the bucket cannot be told.
    matchesBucket: /\*\*|\{[^}]*$/.test(bucketPart) ? () => true : toMatcher(bucketPart),
    matchesObject: (bucket, name) => matches(`${bucket}/${name}`),
  };
}

function toMatcher(glob: string): (text: string) => boolean {
  if (!/[*?[\]{}]/.test(glob.replaceAll(/\\./gs, ''))) {
    const name = glob.replaceAll(/\\(.)/gs, '$1');
    return (text) => text === name;
  }
  // Round brackets would be taken for those of a regular expression.
  const matches = picomatch(
    glob.replaceAll(/\\.|[()]/gs, (found) => (found.length === 1 ? `\\${found}` : found)),
    options,
  );
  return (text) => matches(text) || matches(disguiseDots(text));
}

/** No glob matches the segments `.` and `..`, which in the name of an object are like any other. A NUL no name has. */
function disguiseDots(text: string): string {
  return text.replaceAll(/(?<=^|\/)\.{1,2}(?=\/|$)/g, '\0');
}

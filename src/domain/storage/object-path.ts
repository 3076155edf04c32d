/** What a component ends in that goes on in the next one. An escape never looks like it, nor like the two below. */
const continued = '%+';
const unusual = '%';
const empty = '%_';

/** Bytes of a component, but for its first character's escape and its mark. File systems allow 255. */
const maximumBytes = 248;

/**
 * What a component should not hold: control characters, separators (of lines and paths, elsewhere too), what turns the direction of
 * writing, the escape sign itself. A list and not a class of Unicode, which grows with Node's version: paths have to stay.
 */
// oxlint-disable-next-line no-control-regex
const unfit = /[\u0000-\u001f\u007f-\u009f%/\\\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const loneSurrogate = /[\ud800-\udfff]/u;

/** Where a bucket lies in the archive and in the mirror: `storage/avatars`. Any text has a directory of its own. */
export function bucketDirectory(id: string): string {
  return `storage/${splitToFit(id).join(`${continued}/`)}`;
}

/**
 * Where an object lies: `storage/avatars/objects/2024/photo.png`. Ordinary names stay as they are; different names have different
 * paths (as bytes), and no path is a directory of another:
 * - A file has a dot in its name and a directory has none. Where that is not so, a `%` follows: `README%`, `v1.2%/notes.txt`.
 * - What is unfit for a path is escaped by its UTF-8 bytes (`%0A`), a lone surrogate by its number (`%uD800`). So is the first
 *   character of `-x`, of `.partial-x`, which is how the mirror calls what is not whole yet, and each of `.` and `..`.
 * - Nothing between two slashes is `%_`. What is too long for a component goes on in the next one: `beginning%+/end.txt`.
 */
export function objectPath(bucket: string, name: string): string {
  const segments = name.split('/');
  const last = segments.length - 1;
  const encoded = segments.map((segment, index) => {
    const pieces = splitToFit(segment);
    const asUsual = pieces.at(-1)!.includes('.') === (index === last);
    return `${pieces.join(`${continued}/`)}${asUsual ? '' : unusual}`;
  });
  return `${bucketDirectory(bucket)}/objects/${encoded.join('/')}`;
}

/** The exact inverse of objectPath: undefined for whatever that never returns. */
export function parseObjectPath(path: string): { readonly bucket: string; readonly name: string } | undefined {
  const components = path.split('/');
  const end = components.findIndex((component, index) => index > 0 && !component.endsWith(continued));
  if (end < 0) return undefined;
  const bucket = decode(components.slice(1, end + 1).join('/'));
  const name = decode(components.slice(end + 2).join('/'));
  if (bucket === undefined || name === undefined) return undefined;
  return objectPath(bucket, name) === path ? { bucket, name } : undefined;
}

/** The pieces of a text, each of which fits into a component; at least one. */
function splitToFit(text: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  let bytes = 0;
  for (const character of text) {
    const escaped = escapeUnfit(character);
    const more = Buffer.byteLength(escaped);
    if (bytes + more > maximumBytes) {
      pieces.push(escapeBeginning(piece));
      piece = '';
      bytes = 0;
    }
    piece += escaped;
    bytes += more;
  }
  return [...pieces, escapeBeginning(piece)];
}

function escapeUnfit(character: string): string {
  if (loneSurrogate.test(character)) return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return unfit.test(character) ? encodeURIComponent(character) : character;
}

function escapeBeginning(piece: string): string {
  if (piece === '') return empty;
  if (piece === '.' || piece === '..') return piece.replaceAll('.', '%2E');
  if (piece.startsWith('-')) return `%2D${piece.slice(1)}`;
  return piece.startsWith('.partial-') ? `%2E${piece.slice(1)}` : piece;
}

/** Takes marks and escapes away; undefined when the bytes are no UTF-8. That all of them were right, encoding again shows. */
function decode(components: string): string | undefined {
  const unmarked = components.replaceAll(/%\+\/|%_|%(?=\/|$)/g, '');
  const whole = unmarked.replaceAll(/%u([0-9A-F]{4})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  try {
    return whole.replaceAll(/(?:%[0-9A-F]{2})+/g, decodeURIComponent);
  } catch {
    return undefined;
  }
}

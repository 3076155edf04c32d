import { z } from 'zod';
import type { InventoryBucket, MirroredObject } from './inventory.ts';
import { compactJson, prettyJson } from './json-text.ts';
import { bucketDirectory } from './object-path.ts';
import { bucketRowSchema, objectRowSchema } from './rows.ts';

/** What `objects.jsonl` says of an object. */
export interface SidecarObject {
  readonly name: string;
  /** Where its bytes lie in the archive. */
  readonly path: string;
  /** How many there are. */
  readonly size: number;
  /** Of the bytes, hexadecimal. */
  readonly sha256: string;
  /** The row of storage.objects as JSON text: numbers in it may be larger than JavaScript's. */
  readonly row: string;
}

const lineSchema = z.object({
  name: z.string(),
  path: z.string().refine(isBelowStorage, 'lies outside of the archive'),
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256'),
  object: objectRowSchema,
});

/** Where the row begins: the first time that this is no part of a string, where each quote has a backslash before it. */
const beforeRow = /,\s*"object"\s*:/;

export function bucketSidecarPath(bucket: string): string {
  return `${bucketDirectory(bucket)}/bucket.json`;
}

export function objectsSidecarPath(bucket: string): string {
  return `${bucketDirectory(bucket)}/objects.jsonl`;
}

/** The settings of a bucket: its row, for people to read. Throws SyntaxError when that is no JSON. */
export function formatBucketSidecar({ row }: InventoryBucket): string {
  JSON.parse(row);
  return `${prettyJson(row)}\n`;
}

/** Throws an Error that says what is wrong. */
export function parseBucketSidecar(text: string): InventoryBucket {
  const { id } = parseAs(bucketRowSchema, text, 'bucket.json');
  return { id, row: compactJson(text) };
}

/** A line of `objects.jsonl`, with its line end. Throws SyntaxError when the row is no JSON. */
export function formatObjectLine({ name, path, bytes, sha256, row }: Omit<MirroredObject, 'bucket'>): string {
  JSON.parse(row);
  const head = JSON.stringify({ name, path, size: bytes, sha256 });
  // A line end in a row can only be white space between its tokens, since none may stand in a string.
  return `${head.slice(0, -1)},"object":${row.replaceAll(/[\r\n]+/g, ' ')}}\n`;
}

/**
 * Throws an Error that names the line and says what is wrong with it.
 * @param lineNumber counted from 1
 */
export function parseObjectLine(line: string, lineNumber: number): SidecarObject {
  const where = `line ${lineNumber} of objects.jsonl`;
  const { name, path, size, sha256 } = parseAs(lineSchema, line, where);
  const { index, 0: found } = beforeRow.exec(line) ?? { index: 0, 0: '' };
  const row = line.slice(index + found.length, line.lastIndexOf('}')).trim();
  // What a later version adds has to come before the row.
  parseAs(objectRowSchema, row, `the object in ${where}`);
  return { name, path, size, sha256, row };
}

function parseAs<Schema extends z.ZodType>(schema: Schema, text: string, where: string): z.output<Schema> {
  const result = schema.safeParse(parseJson(text, where));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${where}: ${[...(issue?.path ?? []), issue?.message ?? 'cannot be understood'].join(' ')}`);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says would quote the text.
    throw new Error(`${where} is no JSON`);
  }
}

function isBelowStorage(path: string): boolean {
  const [first, ...rest] = path.split('/');
  return first === 'storage' && rest.length > 0 && rest.every((part) => !['', '.', '..'].includes(part));
}

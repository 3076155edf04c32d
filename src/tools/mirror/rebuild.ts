import { closeSync, openSync, opendirSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { MirroredObject } from '../../domain/storage/inventory.ts';
import { contentMetadataSchema } from '../../domain/storage/rows.ts';
import { parseObjectPath } from '../../domain/storage/object-path.ts';
import { parseObjectLine } from '../../domain/storage/sidecar.ts';
import type { FileIndex } from './file-index.ts';
import { createDirectoryCheck, statOf } from './tree.ts';

/** What of a row, or of what the API told, tells one content from another. */
const rowSchema = z.object({
  version: z.string().nullish().catch(null),
  updated_at: z.string().nullish().catch(null),
  metadata: contentMetadataSchema,
});

/** Bytes read at once. */
const chunkBytes = 1024 * 1024;

/**
 * Tells an empty index what the sidecars of the last archive say: each file that is there and has that size; whether it has that SHA-256
 * as well is still to be seen. A line that is damaged, or names a path that no object has, is passed over: its object is downloaded again.
 */
export function fillFromSidecars(directory: string, index: FileIndex): void {
  const isReachable = createDirectoryCheck(directory);
  for (const sidecar of findSidecars(directory, 'storage')) {
    for (const line of readLines(join(directory, sidecar))) {
      const object = parseLine(line);
      if (object === undefined || !isReachable(dirname(object.path))) continue;
      const stat = statOf(join(directory, object.path));
      if (stat?.isFile() === true && stat.size === object.bytes) index.add([{ ...object, touched: null }], null);
    }
  }
}

/** A directory's name that goes on in the next one: of a bucket with a long id. */
const continued = /%\+$/;

function* findSidecars(directory: string, below: string): Generator<string> {
  const entries = opendirSync(join(directory, below));
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      const path = `${below}/${entry.name}`;
      if (!entry.isDirectory()) continue;
      if (continued.test(entry.name)) yield* findSidecars(directory, path);
      else if (statOf(join(directory, path, 'objects.jsonl'))?.isFile() === true) yield `${path}/objects.jsonl`;
    }
  } finally {
    entries.closeSync();
  }
}

function parseLine(line: string): MirroredObject | undefined {
  try {
    const { path, size: bytes, sha256, row } = parseObjectLine(line, 0);
    const name = parseObjectPath(path);
    if (name === undefined) return undefined;
    const { version = null, updated_at: updatedAt = null, metadata } = rowSchema.parse(JSON.parse(row));
    const { eTag = null, size = null } = metadata ?? {};
    return { ...name, version, eTag, size, updatedAt, row, path, bytes, sha256 };
  } catch {
    return undefined;
  }
}

function* readLines(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(chunkBytes);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for (let bytes = readSync(file, buffer); bytes > 0; bytes = readSync(file, buffer)) {
      const lines = (rest + decoder.write(buffer.subarray(0, bytes))).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(file);
  }
}

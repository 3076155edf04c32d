import { closeSync, openSync, opendirSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { MirroredObject } from '../../domain/storage/inventory.ts';
import { parseObjectPath } from '../../domain/storage/object-path.ts';
import type { FileIndex } from './file-index.ts';
import { createDirectoryCheck, statOf } from './tree.ts';

/** What a line of objects.jsonl tells of a file; `object` is the row of storage.objects, or what the API told of it. */
const lineSchema = z.object({
  path: z.string(),
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  object: z.object({
    version: z.string().nullish(),
    updated_at: z.string().nullish(),
    metadata: z
      .object({ eTag: z.string().nullish().catch(null), size: z.int().nullish().catch(null) })
      .nullish()
      .catch(null),
  }),
});

/** Bytes read at once. */
const chunkBytes = 1024 * 1024;

/**
 * Tells an empty index what the sidecars of the last archive say: each file that is there and has that size. A line that is damaged, or
 * names a path that no object has, is passed over: its object is downloaded again.
 */
export function fillFromSidecars(directory: string, index: FileIndex): void {
  const isReachable = createDirectoryCheck(directory);
  for (const sidecar of findSidecars(directory, 'storage')) {
    for (const line of readLines(join(directory, sidecar))) {
      const object = parseLine(line);
      if (object === undefined || !isReachable(dirname(object.path))) continue;
      const stat = statOf(join(directory, object.path));
      if (stat?.isFile() === true && stat.size === object.bytes) index.add([object], null);
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
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { data } = lineSchema.safeParse(value);
  const name = data === undefined ? undefined : parseObjectPath(data.path);
  if (data === undefined || name === undefined) return undefined;
  const { version, updated_at: updatedAt, metadata } = data.object;
  return {
    ...name,
    version: version ?? null,
    eTag: metadata?.eTag ?? null,
    size: metadata?.size ?? null,
    updatedAt: updatedAt ?? null,
    row: '',
    path: data.path,
    bytes: data.size,
    sha256: data.sha256,
  };
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

import { messageOf } from '../errors.ts';
import { objectPath } from '../domain/storage/object-path.ts';
import { parseObjectLine, type SidecarObject } from '../domain/storage/sidecar.ts';
import { verificationError } from './verification-error.ts';

/** Reads an `objects.jsonl` of a storage archive, line by line. Throws AppError verification_failed. */
export async function* readObjectLines(archive: string, content: AsyncIterable<Buffer>): AsyncGenerator<SidecarObject> {
  let number = 0;
  for await (const line of readLines(archive, content)) {
    number += 1;
    yield readLine(archive, line, number);
  }
}

/** Each object has to lie where its name says: no other bytes become that object. Throws AppError verification_failed. */
export function assertPlaced(archive: string, bucket: string, { name, path }: Pick<SidecarObject, 'name' | 'path'>): void {
  if (path === objectPath(bucket, name)) return;
  throw verificationError(archive, `its sidecar names ${path}, which is no path of that object`);
}

/** Not by readline, to which U+2028 ends a line as well: JSON may hold that. */
async function* readLines(archive: string, content: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of content) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      const line = Buffer.concat([...rest, chunk.subarray(start, end)]).toString();
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > longestLine) throw verificationError(archive, 'a line of its sidecar is longer than any that was captured');
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString();
}

const lineFeed = 0x0a;
/** The row of an object is a few hundred bytes, or a megabyte where users put that into its metadata. */
const longestLine = 16 * 1024 * 1024;

function readLine(archive: string, line: string, number: number): SidecarObject {
  try {
    return parseObjectLine(line, number);
  } catch (error) {
    throw verificationError(archive, messageOf(error));
  }
}

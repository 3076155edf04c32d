/** Characters. */
const chunkLength = 256 * 1024;

/** Joins many small texts into few chunks of bytes. */
export function* toChunks(texts: Iterable<string>): Generator<Uint8Array> {
  let joined = '';
  for (const text of texts) {
    joined += text;
    if (joined.length < chunkLength) continue;
    yield Buffer.from(joined);
    joined = '';
  }
  if (joined !== '') yield Buffer.from(joined);
}

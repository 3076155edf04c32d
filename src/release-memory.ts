/**
 * Gives back the memory of a chunk that came from a connection or a pipe and is needed no more: V8 would let about 64 MB of them wait, and a
 * collection by force costs more than it gains (ADR 10). Only the chunk that reaches to the end of its memory does so, since those before
 * it, which came from the same read, have been used by then: chunks have to be released in the order in which they came, and by their
 * last user. What is not the caller's alone stays: memory that Node hands out in pieces (`Buffer.from`) cannot be given back.
 */
export function releaseMemory(chunk: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = chunk;
  if (!(buffer instanceof ArrayBuffer) || byteOffset + byteLength < buffer.byteLength) return;
  try {
    buffer.transfer(0);
  } catch {
    // One of Node's own.
  }
}

/** The same chunks. The memory of each is given back when the next one is asked for, so nobody may hold on to it, or to a part of it. */
export async function* releasing(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    yield chunk;
    releaseMemory(chunk);
  }
}

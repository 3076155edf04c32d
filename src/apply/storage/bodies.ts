import { releaseMemory } from '../../release-memory.ts';

/** The same chunks, and a promise of the moment when all of them have been read. */
export function noticeEnd<Chunk>(chunks: AsyncIterable<Chunk>): {
  readonly body: AsyncIterable<Chunk>;
  readonly ended: Promise<void>;
} {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  async function* passOn(): AsyncGenerator<Chunk> {
    yield* chunks;
    resolve();
  }
  return { body: passOn(), ended };
}

/** Into a buffer of the size that is expected; what is beyond it is kept as well, for the upload to refuse. */
export async function collect(body: AsyncIterable<Buffer>, buffer: Buffer): Promise<Buffer> {
  const beyond: Buffer[] = [];
  let filled = 0;
  for await (const chunk of body) {
    const fitting = chunk.copy(buffer, filled);
    filled += fitting;
    if (fitting < chunk.length) beyond.push(Buffer.from(chunk.subarray(fitting)));
    releaseMemory(chunk);
  }
  return beyond.length > 0 ? Buffer.concat([buffer, ...beyond]) : buffer.subarray(0, filled);
}

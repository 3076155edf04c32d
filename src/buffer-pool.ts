import { releaseMemory } from './release-memory.ts';

const smallest = 4096;
/** Of buffers that nobody uses: more than one size may be common at one time, and another one later. */
const mostFreeBytes = 32 * 1024 * 1024;

/** Memory for bodies of objects that is used again and again, since V8 collects what lies outside of its heap late, and at a price (ADR 10). */
export class BufferPool {
  /** By their size, a power of two. */
  readonly #free = new Map<number, Buffer[]>();
  #freeBytes = 0;

  /** At least so many bytes, of whatever content. */
  take(bytes: number): Buffer {
    const size = toPowerOfTwo(bytes);
    const free = this.#free.get(size)?.pop();
    if (free === undefined) return Buffer.allocUnsafeSlow(size);
    this.#freeBytes -= size;
    return free;
  }

  /** For the next one: a buffer, or a part of it, that nobody reads or writes any more. */
  giveBack(part: Buffer): void {
    const buffer = Buffer.from(part.buffer);
    if (this.#freeBytes + buffer.length > mostFreeBytes) return releaseMemory(buffer);
    const others = this.#free.get(buffer.length);
    if (others === undefined) this.#free.set(buffer.length, [buffer]);
    else others.push(buffer);
    this.#freeBytes += buffer.length;
  }
}

function toPowerOfTwo(bytes: number): number {
  return Math.max(smallest, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
}

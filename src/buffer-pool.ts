const smallest = 4096;

/** Memory for bodies of objects that is used again and again, since V8 collects what lies outside of its heap late, and at a price (ADR 10). */
export class BufferPool {
  /** By their size, a power of two. */
  readonly #free = new Map<number, Buffer[]>();

  /** At least so many bytes, of whatever content. */
  take(bytes: number): Buffer {
    const size = toPowerOfTwo(bytes);
    return this.#free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  }

  /** For the next one: a buffer, or a part of it, that nobody reads or writes any more. */
  giveBack(part: Buffer): void {
    const buffer = Buffer.from(part.buffer);
    const others = this.#free.get(buffer.length);
    if (others === undefined) this.#free.set(buffer.length, [buffer]);
    else others.push(buffer);
  }
}

function toPowerOfTwo(bytes: number): number {
  return Math.max(smallest, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
}

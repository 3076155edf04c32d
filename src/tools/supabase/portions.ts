import { StorageError } from '../../domain/storage/storage-error.ts';
import { BufferPool } from '../../buffer-pool.ts';
import type { UploadedObject } from '../../object-store.ts';
import { releaseMemory } from '../../release-memory.ts';

/** What hosted projects demand of each part of a resumable upload but the last, and all of a body that is held at once. */
export const portionBytes = 6 * 1024 * 1024;

/** Of a body in memory: what is handed to the connection at once. */
const pieceBytes = 256 * 1024;

/** Reads the body of an object, which has to have the size that it is said to have; whatever is not so is `invalid`. */
export class BodyReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #object: UploadedObject;
  /** The body, where all of it was there from the beginning. */
  readonly #whole: Buffer | undefined;
  #carried: Uint8Array | undefined;
  #left: number;
  readonly #buffers: BufferPool;
  #failure: { readonly error: unknown } | undefined;

  /** The iterator is never closed: a caller goes on with a stream that was not read to its end. */
  constructor(object: UploadedObject, body: Buffer | AsyncIterable<Uint8Array>, buffers = new BufferPool()) {
    this.#buffers = buffers;
    if (Buffer.isBuffer(body)) this.#whole = body;
    this.#chunks = (Buffer.isBuffer(body) ? onlyChunk(body) : body)[Symbol.asyncIterator]();
    this.#object = object;
    this.#left = object.size;
  }

  /** What the body failed with, if it did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /**
   * The next portion: a copy, in memory that the caller may give back, or all of a body that is there. The last one (or an empty one) is
   * given only when the body has ended with it.
   */
  async readPortion(): Promise<Buffer> {
    if (this.#whole?.length === this.#left && this.#left <= portionBytes) return this.#whole;
    const size = Math.min(portionBytes, this.#left);
    const portion = this.#buffers.take(size).subarray(0, size);
    for (let filled = 0; filled < portion.length;) {
      const chunk = await this.#next(portion.length - filled);
      portion.set(chunk, filled);
      filled += chunk.length;
      releaseMemory(chunk);
    }
    if (this.#left === 0) await this.#expectEnd();
    return portion;
  }

  /** For portions that come later: nobody, and no connection, may hold it any more. */
  giveBack(portion: Buffer): void {
    if (portion !== this.#whole) this.#buffers.giveBack(portion);
  }

  /** All that is left, as it comes. The last bytes are given only when the body has ended with them. */
  async *stream(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const chunk = await this.#next(this.#left);
      // A copy: the connection may still hold it when what lies behind it in the same memory is read, and given back.
      const piece = Uint8Array.from(chunk);
      if (this.#left === 0) await this.#expectEnd();
      yield piece;
    }
  }

  /** At least one byte, and at most so many. */
  async #next(limit: number): Promise<Uint8Array> {
    const chunk = this.#carried ?? (await this.#pull());
    if (chunk === undefined) throw this.#wrongSize(`ended after ${this.#object.size - this.#left}`);
    this.#carried = chunk.length > limit ? chunk.subarray(limit) : undefined;
    this.#left -= Math.min(limit, chunk.length);
    return chunk.subarray(0, limit);
  }

  async #expectEnd(): Promise<void> {
    if (this.#carried !== undefined || (await this.#pull()) !== undefined) throw this.#wrongSize('goes on after them');
  }

  async #pull(): Promise<Uint8Array | undefined> {
    try {
      for (;;) {
        const result = await this.#chunks.next();
        if (result.done === true) return undefined;
        if (result.value.length > 0) return result.value;
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #wrongSize(how: string): StorageError {
    const { bucket, name, size } = this.#object;
    const error = new StorageError(
      'invalid',
      `${bucket}/${name}: there should be ${size} bytes to send, but what is sent ${how}.`,
    );
    this.#failure = { error };
    return error;
  }
}

export function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const starts = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, piece) => piece * pieceBytes);
  return starts.map((start) => bytes.subarray(start, start + pieceBytes));
}

async function* onlyChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

import { StorageError } from '../../domain/storage/storage-error.ts';
import type { UploadedObject } from '../../object-store.ts';
import { noteBuffer } from './garbage.ts';

/** What hosted projects demand of each part of a resumable upload but the last, and all of a body that is held at once. */
export const portionBytes = 6 * 1024 * 1024;

/** Of a body in memory: what is handed to the connection at once. */
const pieceBytes = 64 * 1024;

/** Reads the body of an object, which has to have the size that it is said to have; whatever is not so is `invalid`. */
export class BodyReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #object: UploadedObject;
  #carried: Uint8Array | undefined;
  #left: number;
  /** Used by turns. */
  readonly #buffers: Buffer[] = [];
  #portions = 0;
  #failure: { readonly error: unknown } | undefined;

  /** The iterator is never closed: a caller goes on with a stream that was not read to its end. */
  constructor(object: UploadedObject, body: AsyncIterable<Uint8Array>) {
    this.#chunks = body[Symbol.asyncIterator]();
    this.#object = object;
    this.#left = object.size;
  }

  /** What the body failed with, if it did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /**
   * The next portion, in a buffer that the next but one is read into as well. The last one (or an empty one) is given only when the body
   * has ended with it.
   */
  async readPortion(): Promise<Buffer> {
    const turn = this.#portions++ % 2;
    this.#buffers[turn] ??= Buffer.allocUnsafe(Math.min(portionBytes, this.#left));
    const portion = this.#buffers[turn].subarray(0, this.#left);
    let filled = 0;
    while (filled < portion.length) {
      const chunk = await this.#next(portion.length - filled);
      portion.set(chunk, filled);
      filled += chunk.length;
    }
    if (this.#left === 0) await this.#expectEnd();
    return portion;
  }

  /** All that is left, as it comes. The last bytes are given only when the body has ended with them. */
  async *stream(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const chunk = await this.#next(this.#left);
      if (this.#left === 0) await this.#expectEnd();
      yield chunk;
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
        noteBuffer(result.value.length);
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

export function* piecesOf(bytes: Buffer): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes);
}

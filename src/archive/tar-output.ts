import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { AppError } from '../errors.ts';
import type { ObjectOutput } from './extract-objects.ts';

/**
 * Writes objects as a tar. What is found to be damaged stands in it already: its bytes have been sent. Throws AppError failed when the
 * reader goes away. `end` completes the tar; without it, it breaks off.
 */
export function createTarOutput(
  stream: Writable,
  signal: AbortSignal,
): ObjectOutput & { end(): Promise<void>; destroy(): void } {
  const tar = pack();
  const broken = new AbortController();
  const stopped = AbortSignal.any([broken.signal, signal]);
  // Whoever closes a pipe is told of again, when nobody waits for it any more.
  stream.on('error', () => undefined);
  const sent = pipeline(tar, stream).catch((error: unknown) => {
    broken.abort(readerGone(error));
    broken.signal.throwIfAborted();
  });
  sent.catch(() => undefined);
  const writeEntry: ObjectOutput['write'] = async ({ target, size, modified }, content) => {
    const entry = tar.entry({ name: target, size, mode: 0o600, mtime: modified ?? new Date(0) });
    // Its failure is that of the whole tar.
    entry.on('error', () => undefined);
    let missing = size;
    try {
      for await (const chunk of content) {
        missing -= chunk.length;
        const room = entry.write(chunk);
        stopped.throwIfAborted();
        if (!room) await once(entry, 'drain', { signal: stopped });
      }
    } finally {
      if (missing === 0) entry.end(undefined);
    }
  };
  return {
    async write(object, content) {
      try {
        await writeEntry(object, content);
      } catch (error) {
        // What the broken tar itself says is no answer.
        if (tar.destroyed || tar.destroying) await sent;
        throw error;
      }
    },
    async end() {
      tar.finalize();
      await sent;
    },
    destroy: () => tar.destroy(),
  };
}

function readerGone(error: unknown): AppError {
  return new AppError('failed', 'The tar could not be written to its end: whatever read it has gone.', {
    hint: 'Look at what the program after the pipe says. The backup is as it was.',
    cause: error,
  });
}

import { pipeline, Transform, type Readable } from 'node:stream';
import type { ArchiveSizes, Progress } from '../context.ts';

/** Passes a dump on, and tells the progress how much of it has gone by. Either end takes the other with it when it breaks. */
export function followBytes(dump: Readable, progress: Progress, sizes: ArchiveSizes | undefined): Readable {
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      progress.bytes(bytes, sizes?.originalBytes);
      done(null, chunk);
    },
  });
  // What went wrong is told by the ends of the programs on both sides.
  pipeline(dump, meter, () => undefined);
  return meter;
}

/** Bytes. V8 waits for about twice as many, and the C library gives back little of what was once taken. */
const collectedAfter = 32 * 1024 * 1024;

let waiting = 0;

/**
 * Notes that so many bytes came in buffers that nobody needs for long, and has what is left of them collected from time to time (ADR 10).
 * Where Node was started without --expose-gc, V8 does so alone, later.
 */
export function noteBuffer(bytes: number): void {
  waiting += bytes;
  if (waiting < collectedAfter) return;
  waiting = 0;
  globalThis.gc?.();
}

import { createHash } from 'node:crypto';

/** Whether an object is among so many percent of all: the same names each time, by the beginning of their SHA-256. */
export function isSampled(name: string, percent: number): boolean {
  if (percent >= 100) return true;
  return createHash('sha256').update(name).digest().readUInt32BE(0) < (percent / 100) * 2 ** 32;
}

import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';

// What the tests in test/faults share. `npm run test:faults` sets these variables; without them the quick part runs, with another seed each time.

/** Which faults are tried. The same number gives the same ones again, as far as the machine lets it. */
export const faultSeed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1e6));
const isWhole = process.env['FAULT_ROUNDS'] === 'whole';
const report = process.env['FAULT_REPORT'];

/** What one test has tried, as docs/reliability.md tells it. */
export interface FaultRecord {
  /** The name of the test's file without its ends. */
  readonly group: string;
  /** Completes "tried:", such as `kill -9 of borg at a random moment of a backup`. */
  readonly fault: string;
  readonly rounds: number;
  /** How many of them came to each end, such as `{ 'found by verify': 480, harmless: 20 }`. They add up to the rounds. */
  readonly ends: Readonly<Record<string, number>>;
}

/** How many rounds a test makes: few in the whole suite of the project, all of them in `npm run test:faults`. */
export function faultRounds(quick: number, whole: number): number {
  return isWhole ? whole : quick;
}

/** Tells `npm run test:faults` what was tried. For a test's end: what failed before is not told as tried. */
export function recordFaults(record: FaultRecord): void {
  const ended = Object.values(record.ends).reduce((sum, count) => sum + count, 0);
  expect(ended, record.fault).toBe(record.rounds);
  if (report !== undefined) appendFileSync(report, `${JSON.stringify(record)}\n`);
}

/** Counts ends one by one, for `recordFaults`. */
export function createEnds(): { readonly ends: Readonly<Record<string, number>>; count(end: string): void } {
  const ends: Record<string, number> = {};
  return {
    ends,
    count(end) {
      ends[end] = (ends[end] ?? 0) + 1;
    },
  };
}

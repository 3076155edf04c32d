import type { Decision } from '../domain/selection.ts';

/** How far a restore with several jobs has come. */
export interface FinishedItems {
  /** Looks at a line that `pg_restore --verbose` wrote to stderr. */
  note(line: string): void;
  /** A sentence; empty where nothing was told. */
  describe(): string;
}

/** Counts what pg_restore says it has done: `finished item 3245 TABLE DATA notes`. */
export function countFinishedItems(decisions: readonly Decision[]): FinishedItems {
  const planned = decisions.filter(({ action, entry }) => action !== 'skip' && entry.description === 'TABLE DATA').length;
  let rows = 0;
  let others = 0;
  return {
    note(line) {
      const match = /^pg_restore: finished item \d+ (TABLE DATA )?/.exec(line);
      if (match === null) return;
      if (match[1] === undefined) others += 1;
      else rows += 1;
    },
    describe() {
      if (rows + others === 0) return '';
      return `It had come to the rows of ${rows} of ${planned} tables, and to ${others} indexes, constraints and the like.`;
    },
  };
}

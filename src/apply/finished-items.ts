import { sections } from '../domain/dump-head.ts';
import type { Decision } from '../domain/selection.ts';

/** How far the jobs that follow the rows have come. */
export interface FinishedItems {
  /** Looks at a line that `pg_restore --verbose` wrote to stderr. */
  note(line: string): void;
  /** A sentence on the state of the target. */
  describe(): string;
}

/** Counts what pg_restore says it has done: `finished item 3245 INDEX by_date`. */
export function countFinishedItems(decisions: readonly Decision[]): FinishedItems {
  const planned = decisions.filter(({ action, entry }) => action !== 'skip' && entry.section === sections.postData).length;
  let finished = 0;
  return {
    note(line) {
      if (/^pg_restore: finished item \d+ /.test(line)) finished += 1;
    },
    describe() {
      return `All definitions and rows are on the target, and ${finished} of ${planned} indexes, constraints and the like; not yet their exact privileges.`;
    },
  };
}

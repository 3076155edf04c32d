import { describeEntry } from '../domain/restore-selection.ts';
import type { Decision } from '../domain/selection.ts';
import type { SkippedStatement } from '../domain/tolerant.ts';

const maximumLines = 1000;

/** What a program says of statements that failed, read line after line. */
export interface Failures {
  note(line: string): void;
  /** What was said, with the names of what it was about; empty when nothing failed. */
  readonly lines: readonly string[];
  readonly skipped: readonly SkippedStatement[];
}

/**
 * pg_restore says `from TOC entry 3; 1417 16385 SERVER s1 app` before the first error of an entry, and then of each statement
 * `error: could not execute query: ERROR:  ...`. With several jobs those of two can stand among each other.
 */
export function readRestoreFailures(decisions: readonly Decision[]): Failures {
  const names = new Map(decisions.map(({ entry }) => [String(entry.dumpId), describeEntry(entry)]));
  const lines: string[] = [];
  const skipped: SkippedStatement[] = [];
  let what = 'a statement of the dump';
  return {
    lines,
    skipped,
    note(line) {
      const dumpId = /: from TOC entry (\d+); /.exec(line)?.[1];
      if (dumpId !== undefined) what = names.get(dumpId) ?? 'a statement of the dump';
      if (!line.includes('error: ') || lines.length >= maximumLines) return;
      lines.push(`${what}: ${line}`);
      if (!line.includes('could not execute query') && !line.includes('COPY failed')) return;
      const error = line.replace(/^pg_restore: error: (could not execute query: )?/, '').replace(/^ERROR: +/, '');
      skipped.push({ what, error });
    },
  };
}

/**
 * psql with ECHO=errors says the statement after its error. No more than the beginning of its first line is kept: a statement can be
 * long, and hold what is nobody's business.
 */
export function readScriptFailures(): Failures {
  const lines: string[] = [];
  let inStatement = false;
  return {
    lines,
    skipped: [],
    note(line) {
      const statement = /^(?:psql:[^ ]*: )?STATEMENT: +(.*)$/s.exec(line)?.[1];
      if (statement !== undefined) inStatement = true;
      else if (/^psql:|^[A-Z]+: {2}/.test(line)) inStatement = false;
      if (lines.length >= maximumLines || (inStatement && statement === undefined)) return;
      if (statement === undefined) lines.push(line);
      else if (!/^(DO|SELECT) /.test(statement))
        lines.push(`(error in ${statement.split(/['$]/, 1)[0]!.slice(0, 120).trim()})`);
    },
  };
}

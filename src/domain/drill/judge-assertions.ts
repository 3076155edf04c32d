import type { DrillFindings } from './check.ts';

/** What one statement of the user's file has answered. */
export interface AnsweredStatement {
  /** How many columns it gives; 0 for a statement that gives no rows. */
  readonly columns: number;
  readonly rows: number;
  /** How many of the rows begin with anything but `true`. */
  readonly untrue: number;
}

/**
 * Whether what the user asserts holds: each query has to give at least one row, and each of its rows one column that is true. Statements
 * that give no rows prepare the others. A file without a query proves nothing.
 */
export function judgeAssertions(statements: readonly AnsweredStatement[]): DrillFindings {
  const queries = statements
    .map((statement, index) => ({ ...statement, number: index + 1 }))
    .filter(({ columns }) => columns > 0);
  const failed = queries.flatMap(({ number, ...statement }) => {
    const reason = findReason(statement);
    return reason === undefined ? [] : [`statement ${number} ${reason}`];
  });
  const detail = `${queries.length} ${queries.length === 1 ? 'query' : 'queries'}`;
  return { detail, failed: queries.length === 0 ? ['the file holds no query'] : failed, notChecked: [] };
}

function findReason({ columns, rows, untrue }: AnsweredStatement): string | undefined {
  if (columns > 1) return `gives ${columns} columns, and not one that is true`;
  if (rows === 0) return 'gives no row';
  return untrue === 0 ? undefined : `gives ${untrue} of ${rows} rows that are not true`;
}

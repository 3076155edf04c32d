import { expect, test } from 'vitest';
import { judgeAssertions } from '../../../../src/domain/drill/judge-assertions.ts';

const query = (...values: unknown[]) => ({ columns: 1, rows: values.map((value) => [value]) });
const statement = { columns: 0, rows: [] };

test('queries whose rows are all true hold', () => {
  expect(judgeAssertions([statement, query(true), query(true, true)])).toEqual({
    detail: '2 queries',
    failed: [],
    notChecked: [],
  });
});

test.each([
  [query(false), 'statement 1 gives 1 of 1 rows that are not true'],
  [query(true, null), 'statement 1 gives 1 of 2 rows that are not true'],
  [query('t'), 'statement 1 gives 1 of 1 rows that are not true'],
  [query(1), 'statement 1 gives 1 of 1 rows that are not true'],
  [query(), 'statement 1 gives no row'],
  [{ columns: 2, rows: [[true, true]] }, 'statement 1 gives 2 columns, and not one that is true'],
])('%o fails', (answered, text) => {
  expect(judgeAssertions([answered, query(true)]).failed).toEqual([text]);
});

test.each([[[]], [[statement]]])('a file without a query proves nothing: %o', (statements) => {
  expect(judgeAssertions(statements).failed).toEqual(['the file holds no query']);
});

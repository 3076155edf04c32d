import { expect, test } from 'vitest';
import { judgeAssertions } from '../../../../src/domain/drill/judge-assertions.ts';

const query = (rows: number, untrue = 0) => ({ columns: 1, rows, untrue });
const statement = { columns: 0, rows: 0, untrue: 0 };

test('queries whose rows are all true hold', () => {
  expect(judgeAssertions([statement, query(1), query(2)])).toEqual({
    detail: '2 queries',
    failed: [],
    notChecked: [],
  });
});

test.each([
  [query(1, 1), 'statement 1 gives 1 of 1 rows that are not true'],
  [query(2, 1), 'statement 1 gives 1 of 2 rows that are not true'],
  [query(0), 'statement 1 gives no row'],
  [{ columns: 2, rows: 1, untrue: 0 }, 'statement 1 gives 2 columns, and not one that is true'],
])('%o fails', (answered, text) => {
  expect(judgeAssertions([answered, query(1)]).failed).toEqual([text]);
});

test.each([[[]], [[statement]]])('a file without a query proves nothing: %o', (statements) => {
  expect(judgeAssertions(statements).failed).toEqual(['the file holds no query']);
});

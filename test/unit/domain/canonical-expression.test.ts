import { expect, test } from 'vitest';
import { canonicalExpression } from '../../../src/domain/canonical-expression.ts';

test.each([
  [
    'AND that PostgreSQL reads from BETWEEN',
    'CHECK ((((a >= 1) AND (a <= 3)) AND (b > 0)))',
    'CHECK (((a >= 1) AND (a <= 3) AND (b > 0)))',
  ],
  ['OR inside of AND', '((((a) OR (b)) OR (c)) AND (d))', '(((a) OR (b) OR (c)) AND (d))'],
  [
    'a varchar that is IN a list',
    `CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b, '']'::character varying])::text[])))`,
    `CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b, '']'::character varying)::text])))`,
  ],
  [
    'the same without needless parentheses',
    `(s::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[]))`,
    `(s::text = ANY (ARRAY['a'::character varying::text, 'b'::character varying::text]))`,
  ],
  ['a join without columns in common', 'SELECT 1\n FROM (a\n  LEFT JOIN b ON TRUE)', 'SELECT 1 FROM (a LEFT JOIN b ON (true))'],
])('%s is the same expression', (_, before, after) => {
  expect(canonicalExpression(before)).toBe(canonicalExpression(after));
});

test.each([
  ['OR and AND in another order', '((a AND b) OR c)', '(a AND (b OR c))'],
  ['AND beside OR without parentheses', '(a AND b OR c)', '((a AND b) OR c AND d)'],
  ['spaces in a string', `(a = 'x  y')`, `(a = 'x y')`],
  ['parentheses in a string', `(a = '((x AND y) AND z)')`, `(a = '(x AND y AND z)')`],
  ['the body of a function', 'AS $f$ (a AND b) AND c $f$', 'AS $f$ a AND b AND c $f$'],
  ['the type of an array', `(ARRAY['a'])::text[]`, `(ARRAY['a'])::name[]`],
  ['quoted names', '"a b"', 'a b'],
  ['a query that is a condition', '((SELECT a AND b) AND c)', '(SELECT a AND b AND c)'],
])('%s makes another expression', (_, one, other) => {
  expect(canonicalExpression(one)).not.toBe(canonicalExpression(other));
});

test('what is no expression stays as it is', () => {
  expect(canonicalExpression('a ) b  (')).toBe('a ) b  (');
  expect(canonicalExpression('(a]')).toBe('(a]');
});

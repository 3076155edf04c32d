import { expect, test } from 'vitest';
import { computeColumns } from '../../../src/apply/computed-columns.ts';
import type { Decision } from '../../../src/domain/selection.ts';
import { record } from '../../helpers/catalog-records.ts';
import { define } from '../../helpers/dump-entries.ts';
import { relationsOf } from '../../helpers/restore-target.ts';

const catalog = [
  record('column', 'auth.identities.email', { generated: "lower(data ->> 'email')" }),
  record('column', 'auth.identities.id', { type: 'uuid' }),
];
const rows: Decision = { entry: define('TABLE DATA', 'auth.identities'), action: 'keep' };

function compute(decision: Decision, facts: { update?: boolean; columns?: string[]; appends?: boolean } = {}) {
  const { update = true, columns = ['id', 'email'], appends = false } = facts;
  const relations = relationsOf({ 'auth.identities': { update, columns } });
  const { decisions, statements } = computeColumns([decision], { catalog, relations, appends });
  return { decision: decisions[0]!, statements };
}

test('what the source computes and the target keeps is computed when the rows are there', () => {
  const { decision, statements } = compute(rows);
  expect(decision).toBe(rows);
  const expression = `(lower(data ->> ''email''))`;
  expect(statements).toHaveLength(1);
  expect(statements[0]).toContain(
    `UPDATE "auth"."identities" SET "email" = ${expression} WHERE "email" IS DISTINCT FROM ${expression}`,
  );
  expect(statements[0]).toContain('values of column email of table identities in schema auth');
});

test('rows that were there before keep what they have', () => {
  expect(compute(rows, { appends: true }).statements[0]).toMatch(/ WHERE "email" IS NULL'/);
});

test.each<[string, Decision, { columns?: string[] }]>([
  ['whose rows do not come', { ...rows, action: 'skip' }, {}],
  ['that is not about rows', { entry: define('TABLE', 'auth.identities'), action: 'keep' }, {}],
  ['that the target computes, too', rows, { columns: ['id'] }],
  ['of a table that comes with the restore', { ...rows, entry: define('TABLE DATA', 'public.identities') }, {}],
])('nothing is done for one %s', (_, decision, facts) => {
  expect(compute(decision, facts)).toEqual({ decision, statements: [] });
});

test('where rows may not be changed it is told as lost', () => {
  expect(compute(rows, { update: false })).toEqual({
    decision: { ...rows, reason: 'the target does not compute email', lostColumns: ['email'] },
    statements: [],
  });
  const staged = { ...rows, action: 'stage', reason: 'no place for a', lostColumns: ['a'] } as const;
  expect(compute(staged, { update: false }).decision).toMatchObject({
    reason: 'no place for a; the target does not compute email',
    lostColumns: ['a', 'email'],
  });
});

import { expect, test } from 'vitest';
import { decideRows } from '../../../src/domain/row-selection.ts';
import { isData, relationKey, type TargetRelation } from '../../../src/domain/selection.ts';
import { define, defineRows } from '../../helpers/dump-entries.ts';
import { decideAll, outcomeOf, relationsOf, targetOf } from '../../helpers/restore-target.ts';

const table = define('TABLE', 'public.notes', { oid: '16400' });
const data = defineRows(table, ['id', '"the body"']);

test.each<[string, Partial<TargetRelation> | undefined, string, string | undefined]>([
  ['that is made by this restore', undefined, 'keep', undefined],
  ['that is there with the same columns', { insert: true, columns: ['the body', 'id'] }, 'keep', undefined],
  ['that is there with more columns', { insert: true, columns: ['id', 'the body', 'new'] }, 'keep', undefined],
  ['that lacks a column', { insert: true, columns: ['id', 'body'] }, 'stage', "the target's table has no place for the body"],
  ['that is closed, whatever its columns', { columns: ['id'] }, 'skip: forbidden', 'its 1,234 rows may not be inserted there'],
])('the rows of a table %s', (_, relation, expected, reason) => {
  const relations = relationsOf(relation === undefined ? {} : { 'public.notes': relation });
  const decision = decideRows(data, { target: targetOf('plain', { relations }), rows: new Map([['16400', 1234]]) });
  expect([outcomeOf(decision), decision.reason]).toEqual([expected, reason]);
});

test.each<[string, Partial<TargetRelation>, string[] | undefined]>([
  ['has no place for', { columns: [] }, ['id', 'the body']],
  ['computes', { columns: [], computed: ['the body'] }, ['id']],
  ['computes, all of them', { columns: [], computed: ['id', 'the body'] }, undefined],
])('values are lost of columns that the target has no place for, not of those that it %s', (_, facts, expected) => {
  const relations = relationsOf({ 'public.notes': { insert: true, ...facts } });
  expect(decideRows(data, { target: targetOf('plain', { relations }), rows: new Map() }).lostColumns).toEqual(expected);
});

test("the user's own tables follow the same rules, also with a superuser", () => {
  const relations = relationsOf({ 'public.notes': { insert: true, columns: ['id'] } });
  expect(decideAll([data], targetOf('plain', { relations })).map(outcomeOf)).toEqual(['stage']);
});

test('names with dots are not mixed up', () => {
  expect(relationKey('a.b', 'c')).not.toBe(relationKey('a', 'b.c'));
});

test.each([
  ['TABLE DATA', true],
  ['SEQUENCE SET', true],
  ['MATERIALIZED VIEW DATA', true],
  ['BLOB', true],
  ['BLOBS', true],
  ['BLOB METADATA', true],
  ['BLOB COMMENTS', true],
  ['TABLE', false],
  ['SEQUENCE', false],
  ['SEQUENCE OWNED BY', false],
  [null, false],
])('%s fills something: %s', (description, expected) => {
  expect(isData({ ...table, description })).toBe(expected);
});

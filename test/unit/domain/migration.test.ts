import { describe, expect, test } from 'vitest';
import { isDispensable, needsNoTransaction, ownsTransactions } from '../../../src/domain/migration.ts';

test.each([
  [['BEGIN'], true],
  [['create table a ()', '-- done\n/* really */ commit'], true],
  [['START  TRANSACTION'], true],
  [['create table beginning ()'], false],
  [["select 'begin'"], false],
])('whether %j has transactions of its own: %s', (statements, expected) => {
  expect(ownsTransactions(statements)).toBe(expected);
});

test('some statements cannot be run in a transaction', () => {
  expect(['25001', '55P04', '42P01'].map(needsNoTransaction)).toEqual([true, true, false]);
});

describe('a replay goes on', () => {
  test.each([
    ['create event trigger a on sql_drop execute function b()', '42501'],
    ['CREATE EXTENSION IF NOT EXISTS pg_net', '0A000'],
    ['-- text search\ncomment on extension pg_trgm is null', '42704'],
    ['CREATE SCHEMA gis', '42P06'],
    ['create role reader', '42710'],
    ['CREATE PUBLICATION supabase_realtime', '42710'],
    ['create index on storage.objects (name)', '42P07'],
    ['CREATE FUNCTION "auth".email() RETURNS text', '42723'],
  ])('after %s fails with %s', (statement, sqlState) => {
    expect(isDispensable(statement, sqlState)).toBe(true);
  });

  test.each([
    ['create table public.notes ()', '42P07'],
    ['alter table notes add column a integer', '42701'],
    ['create index on storage.objects (nothing)', '42703'],
    ["select cron.schedule('a', '* * * * *', 'select 1')", '42883'],
  ])('not after %s fails with %s', (statement, sqlState) => {
    expect(isDispensable(statement, sqlState)).toBe(false);
  });
});

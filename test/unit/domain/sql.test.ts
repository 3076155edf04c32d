import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connectionString, countRowsQuery, quoteIdentifier, quoteLiteral, settingAssignment } from '../../../src/domain/sql.ts';

describe('names and literals', () => {
  test('every name is quoted so that it can be read back', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const quoted = quoteIdentifier(name);
        expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(name);
        expect(quoted.slice(1, -1).replaceAll('""', '')).not.toContain('"');
      }),
    );
  });

  test.each([
    ['plain', "'plain'"],
    ["it's", "'it''s'"],
    [String.raw`a\b'c`, String.raw`E'a\\b''c'`],
  ])('%s is the literal %s', (text, literal) => {
    expect(quoteLiteral(text)).toBe(literal);
  });

  test('counts only the rows of the table itself', () => {
    expect(countRowsQuery({ schema: 'a"b', name: 'T' })).toBe('SELECT pg_catalog.count(*)::text AS rows FROM ONLY "a""b"."T"');
  });

  test.each([
    ['statement_timeout=8s', `"statement_timeout" TO '8s'`],
    ['pgrst.db_schemas=a=b, c', `"pgrst"."db_schemas" TO 'a=b, c'`],
    ['search_path="$user", public', `"search_path" TO '$user', 'public'`],
    ['search_path="a ""b"", c", "it\'s"', `"search_path" TO 'a "b", c', 'it''s'`],
    ['Search_Path=public', `"Search_Path" TO 'public'`],
    // SET search_path TO '' is the list of one empty name; the catalog keeps it as that.
    ['search_path=""', `"search_path" TO ''`],
    ['search_path=', `"search_path" TO ''`],
  ])('the setting %s becomes %s', (setting, assignment) => {
    expect(settingAssignment(setting)).toBe(assignment);
  });

  test('the name of a database stands for itself in a connection string', () => {
    expect(connectionString(String.raw`it's \ host=elsewhere`)).toBe(String.raw`dbname='it\'s \\ host=elsewhere'`);
  });
});

import { expect, test } from 'vitest';
import { grantStatements } from '../../../../src/pipeline/doctor/privileges.ts';

const table = { kind: 'table', schema: 'public', reason: 'no SELECT on the table' } as const;

test('each obstacle has its statement, and none comes twice', () => {
  const statements = grantStatements(
    [
      { kind: 'schema', schema: 'secret', name: undefined, reason: 'no USAGE on the schema' },
      { ...table, name: 'Orders' },
      { kind: 'sequence', schema: 'public', name: 'orders_id_seq', reason: 'no SELECT on the sequence' },
      { ...table, name: 'hidden', reason: 'row security would hide rows from this role' },
      { ...table, name: 'hidden too', reason: 'row security would hide rows from this role' },
    ],
    'reader',
  );
  expect(statements).toEqual([
    'GRANT USAGE ON SCHEMA "secret" TO "reader";',
    'GRANT SELECT ON ALL TABLES IN SCHEMA "secret" TO "reader";',
    'GRANT SELECT ON ALL SEQUENCES IN SCHEMA "secret" TO "reader";',
    'GRANT SELECT ON TABLE "public"."Orders" TO "reader";',
    'GRANT SELECT ON SEQUENCE "public"."orders_id_seq" TO "reader";',
    'ALTER ROLE "reader" BYPASSRLS;',
  ]);
});

test('names that a terminal would not show as they are become readable', () => {
  const [statement] = grantStatements([{ ...table, name: 'a\n"b"\\ \u202E' }], "o'role");
  expect(statement).toBe(String.raw`GRANT SELECT ON TABLE "public".U&"a\+00000a""b""\+00005c \+00202e" TO "o'role";`);
});

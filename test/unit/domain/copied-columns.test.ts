import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copiedColumns } from '../../../src/domain/copied-columns.ts';

/** As fmtId of pg_dump does: plain names in lower case need no quotes (key words aside). */
function formatName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const names = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom('id', '(', ')', ', ', '"', '""', ') FROM stdin;', 'a, b', 'x"y', ' ', '\n', 'Ünï'),
);

test('the columns of a COPY are read as they were written, whatever the table and they are called', () => {
  fc.assert(
    fc.property(names, names, fc.array(names, { minLength: 1, maxLength: 6 }), (schema, table, columns) => {
      const list = columns.map(formatName).join(', ');
      const copyStatement = `COPY ${formatName(schema)}.${formatName(table)} (${list}) FROM stdin;\n`;
      expect(copiedColumns({ copyStatement })).toEqual(columns);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['a table without columns', 'COPY public.nothing  FROM stdin;\n'],
  ['such a table with an odd name', 'COPY public."odd (name)"  FROM stdin;\n'],
  ['an entry without rows', null],
])('%s copies none', (_, copyStatement) => {
  expect(copiedColumns({ copyStatement })).toEqual([]);
});

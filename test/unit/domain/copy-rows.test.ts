import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyRowsKey, createCopyRowCounter, type CopyRows } from '../../../src/domain/copy-rows.ts';

/** What `pg_restore --data-only --file=-` (15) printed of a database made to mislead: see the names in it. */
const captured = readFileSync(new URL('../../fixtures/data-only.sql', import.meta.url));

const capturedRows = [
  ['odd "schema" x\0t "q" ; 1 2 TABLE DATA public', 3],
  ['public\0empty_one', 0],
  ['public\0idt', 1],
  ['public\0new\nline (x) FROM stdin;', 2],
  ['public\0nocol', 2],
  ['public\0one', 5],
  ['public\0part1', 1],
  ['public\0part2', 2],
  ['public\0plain', 10],
  ['public\0unl', 1],
  ['public\0ünïcödé 表 🐘', 1],
];

function count(text: Uint8Array, chunkBytes: number): CopyRows {
  const counter = createCopyRowCounter();
  for (let start = 0; start < text.length; start += chunkBytes) counter.write(text.subarray(start, start + chunkBytes));
  return counter.finish();
}

describe('a real dump', () => {
  test('its rows and large objects are counted', () => {
    const { rows, largeObjects, complete } = count(captured, captured.length);
    expect([...rows]).toEqual(capturedRows);
    expect(largeObjects).toBe(3);
    expect(complete).toBe(true);
  });

  test('the chunks may be cut anywhere', () => {
    for (let chunkBytes = 1; chunkBytes < 200; chunkBytes += 1) {
      expect([...count(captured, chunkBytes).rows]).toEqual(capturedRows);
    }
  });

  test('what is cut off within rows, a literal or a statement is not complete', () => {
    const text = captured.toString('latin1');
    for (const place of ['empty_one (a) FROM stdin;\n', '4\tv4\n', '4\tv', "LARGE OBJECT 16457 IS 'it", 'SELECT pg_cat']) {
      const end = text.indexOf(place) + place.length;
      expect(end).toBeGreaterThan(place.length);
      expect(count(captured.subarray(0, end), 64).complete).toBe(false);
    }
  });
});

test('an empty text has no rows and is complete', () => {
  expect(createCopyRowCounter().finish()).toEqual({ rows: new Map(), largeObjects: 0, complete: true });
});

test('standard_conforming_strings = off: a backslash before a quote does not hide the quote', () => {
  const text = String.raw`COMMENT ON LARGE OBJECT 1 IS 'a\\''b\\';
COPY public.t (a) FROM stdin;
1
\.
`;
  expect([...count(Buffer.from(text), 7).rows]).toEqual([[copyRowsKey('public', 't'), 1]]);
});

const identifier = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((name) => !name.includes('\0'));
const value = fc.string({ unit: 'binary', maxLength: 12 });
const generatedTable = fc.record({
  schema: identifier,
  name: identifier,
  column: identifier,
  rows: fc.array(value, { maxLength: 8 }),
});
type GeneratedTable = typeof generatedTable extends fc.Arbitrary<infer Table> ? Table : never;

/** Writes a table as pg_dump does. */
function renderTable(table: GeneratedTable): string {
  const [schema, name, column] = [table.schema, table.name, table.column].map((text) => `"${text.replaceAll('"', '""')}"`);
  const comment = `-- Data for Name: ${table.name.replaceAll(/[\r\n]/g, ' ')}; Type: TABLE DATA\n`;
  const rows = table.rows.map((row) => `${row.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`);
  const literal = `${table.name};\nCOPY ${schema}.${name} (${column}) FROM stdin;\n`.replaceAll("'", "''");
  return `${comment}COPY ${schema}.${name} (${column}) FROM stdin;\n${rows.join('')}\\.\n\nSELECT setval('${literal}');\n\n`;
}

test('any names and values, cut anywhere', () => {
  const property = fc.property(
    fc.uniqueArray(generatedTable, { selector: (table) => copyRowsKey(table.schema, table.name), maxLength: 5 }),
    fc.integer({ min: 1, max: 50 }),
    (tables, chunkBytes) => {
      const { rows, complete } = count(Buffer.from(tables.map(renderTable).join('')), chunkBytes);
      const expected = tables.map((table) => [copyRowsKey(table.schema, table.name), table.rows.length]);
      expect([...rows]).toEqual(expected);
      expect(complete).toBe(true);
    },
  );
  fc.assert(property, { numRuns: 1000 });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatDumpHead,
  IncompleteHead,
  parseDumpHead,
  statementEntry,
  UnknownDumpFormat,
  type DumpEntry,
  type DumpFormat,
  type DumpHead,
} from '../../../src/domain/dump-head.ts';
import { define } from '../../helpers/dump-entries.ts';

const formats: fc.Arbitrary<DumpFormat> = fc.record({
  minor: fc.constantFrom(14, 15, 16),
  integerSize: fc.constantFrom(4, 8),
  offsetSize: fc.constantFrom(4, 8),
});
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', 'a\nb', `"q" 'q' 🐘`),
);
const nullable = fc.option(text);

/** What every format holds of an entry; the kind of a relation came with 1.16. */
function entriesOf({ minor, offsetSize }: DumpFormat): fc.Arbitrary<DumpEntry[]> {
  return fc.array(
    fc.record({
      dumpId: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      hasData: fc.boolean(),
      catalogOid: fc.nat().map(String),
      oid: fc.nat({ max: 2 ** 32 - 1 }).map(String),
      tag: nullable,
      description: nullable,
      section: fc.integer({ min: 1, max: 4 }),
      definition: nullable,
      dropStatement: nullable,
      copyStatement: nullable,
      schema: nullable,
      tablespace: nullable,
      accessMethod: nullable,
      relationKind: minor >= 16 ? fc.integer({ min: 0, max: 127 }) : fc.constant(0),
      owner: nullable,
      withOids: nullable,
      dependencies: fc.array(fc.nat().map(String)),
      offset: fc.uint8Array({ minLength: 1 + offsetSize, maxLength: 1 + offsetSize }).map((bytes) => Buffer.from(bytes)),
    }),
    { maxLength: 5 },
  );
}

const heads: fc.Arbitrary<DumpHead> = formats.chain((format) =>
  entriesOf(format).map((entries) => ({ preamble: formatPreamble(format), format, entries })),
);

/** Magic, versions, sizes, and the facts that a restore has no use for: compression, seven numbers of a time, three texts. */
function formatPreamble({ minor, integerSize, offsetSize }: DumpFormat): Buffer {
  const integer = (value: number): Buffer => {
    const bytes = Buffer.alloc(1 + integerSize);
    bytes.writeUInt8(value < 0 ? 1 : 0);
    bytes.writeUInt32LE(Math.abs(value), 1);
    return bytes;
  };
  const string = (value: string): Buffer => Buffer.concat([integer(value.length), Buffer.from(value)]);
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, minor, 0, integerSize, offsetSize, 1]),
    minor >= 15 ? Buffer.from([0]) : integer(-1),
    ...[30, 5, 9, 21, 10, 126, 0].map(integer),
    ...['postgres', '15.18', '15.18'].map(string),
  ]);
}

describe('the head of a dump', () => {
  test('is read as it was written, whatever follows it, in every format', () => {
    fc.assert(
      fc.property(heads, fc.uint8Array(), (head, rows) => {
        const bytes = formatDumpHead(head);
        const parsed = parseDumpHead(Buffer.concat([bytes, rows]));
        expect(parsed).toEqual({ head, length: bytes.length });
        expect(formatDumpHead(parsed.head).equals(bytes)).toBe(true);
      }),
    );
  });

  test('is incomplete in each of its beginnings', () => {
    fc.assert(
      fc.property(heads, (head) => {
        const bytes = formatDumpHead(head);
        for (let length = 0; length < bytes.length; length += 1) {
          expect(() => parseDumpHead(bytes.subarray(0, length))).toThrow(IncompleteHead);
        }
      }),
      { numRuns: 20 },
    );
  });

  test.each<[string, number[]]>([
    ['a version that is older', [1, 13, 0, 4, 8, 1]],
    ['a version that is newer', [1, 17, 0, 4, 8, 1]],
    ['another major version', [2, 14, 0, 4, 8, 1]],
    ['another kind of dump', [1, 14, 0, 4, 8, 3]],
    ['integers of an odd size', [1, 14, 0, 5, 8, 1]],
    ['offsets of an odd size', [1, 14, 0, 4, 2, 1]],
  ])('is not understood with %s', (_, bytes) => {
    expect(() => parseDumpHead(Buffer.concat([Buffer.from('PGDMP'), Buffer.from(bytes), Buffer.alloc(500)]))).toThrow(
      UnknownDumpFormat,
    );
  });

  test('of something else is told from one that is cut short', () => {
    expect(() => parseDumpHead(Buffer.from('--\n-- PostgreSQL database dump\n'))).toThrow(UnknownDumpFormat);
  });

  test('keeps numbers of all their bytes', () => {
    const format: DumpFormat = { minor: 14, integerSize: 8, offsetSize: 8 };
    const entry = define('TABLE', 'public.notes', { dumpId: 2 ** 45 + 7 });
    const bytes = formatDumpHead({ preamble: formatPreamble(format), format, entries: [entry] });
    expect(parseDumpHead(bytes).head.entries[0]!.dumpId).toBe(2 ** 45 + 7);
  });
});

test.each([4, 8])('a statement of our own is an entry without data, in offsets of %i bytes', (offsetSize) => {
  const format: DumpFormat = { minor: 16, integerSize: 4, offsetSize };
  const entry = statementEntry({ format }, { dumpId: 9, section: 4, description: 'COMMENT', sql: 'SELECT 1;\n' });
  expect(entry).toMatchObject({ dumpId: 9, section: 4, description: 'COMMENT', definition: 'SELECT 1;\n', hasData: false });
  // K_OFFSET_NO_DATA: pg_restore looks for nothing in the body.
  expect([...entry.offset]).toEqual([3, ...Buffer.alloc(offsetSize)]);
  const head = { preamble: formatPreamble(format), format, entries: [entry] };
  expect(parseDumpHead(formatDumpHead(head)).head.entries).toEqual([entry]);
});

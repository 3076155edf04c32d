import { describe, expect, test } from 'vitest';
import { missingDumpEntries, parseToc, type ExpectedEntries } from '../../../src/domain/toc.ts';

/** What `pg_restore --list` printed of a dump by pg_dump 15 of a database full of odd names. */
const listing = String.raw`;
; Archive created at 2026-11-21 04:57:30 UTC
;     dbname: postgres
;     TOC Entries: 72
;     Compression: 0
;     Dump Version: 1.14-0
;     Format: CUSTOM
;     Integer: 4 bytes
;     Offset: 8 bytes
;     Dumped from database version: 15.18 (Debian 15.18-0+deb12u1)
;     Dumped by pg_dump version: 15.18 (Debian 15.18-0+deb12u1)
;
;
; Selected TOC Entries:
;
7; 2615 16384 SCHEMA - odd "schema" x postgres
2; 3079 16473 EXTENSION - hstore 
3558; 0 0 COMMENT - EXTENSION hstore 
236; 1255 16456 FUNCTION public fn() postgres
3559; 0 0 COMMENT public FUNCTION fn() postgres
2198; 2328 16601 FOREIGN DATA WRAPPER - fw postgres
2199; 1417 16602 SERVER - s postgres
218; 1259 16395 TABLE odd "schema" x t "q" ; 1 2 TABLE DATA public postgres
217; 1259 16392 TABLE public empty_one postgres
234; 1259 16603 FOREIGN TABLE public ft postgres
232; 1259 16449 TABLE public idt postgres
231; 1259 16448 SEQUENCE public idt_id_seq postgres
3560; 0 0 SEQUENCE OWNED BY public idt_id_seq postgres
216; 1259 16385 TABLE public plain postgres
3561; 0 0 ACL public TABLE plain postgres
226; 1259 16427 MATERIALIZED VIEW public mv postgres
228; 1259 16439 MATERIALIZED VIEW public mv odd x postgres
227; 1259 16433 MATERIALIZED VIEW public mv_empty postgres
219; 1259 16400 TABLE public new line (x) FROM stdin; postgres
221; 1259 16410 TABLE public nocol postgres
222; 1259 16413 TABLE public one postgres
223; 1259 16418 TABLE public part postgres
224; 1259 16421 TABLE public part1 postgres
225; 1259 16424 TABLE public part2 postgres
230; 1259 16447 SEQUENCE public sq postgres
235; 1259 16611 SEQUENCE public sq COPY public.fake (a) FROM stdin; --' postgres
233; 1259 16465 TABLE public unl postgres
229; 1259 16443 VIEW public v postgres
220; 1259 16405 TABLE public ünïcödé 表 🐘 postgres
3366; 0 0 TABLE ATTACH public part1 postgres
3367; 0 0 TABLE ATTACH public part2 postgres
3368; 2604 16452 DEFAULT public idt id postgres
3549; 2613 16457 BLOB - 16457 postgres
3562; 0 0 COMMENT - LARGE OBJECT 16457 postgres
3563; 0 0 ACL - LARGE OBJECT 16457 postgres
3547; 2613 16458 BLOB - 16458 postgres
3548; 2613 16459 BLOB - 16459 postgres
3532; 0 16395 TABLE DATA odd "schema" x t "q" ; 1 2 TABLE DATA public postgres
3531; 0 16392 TABLE DATA public empty_one postgres
3544; 0 16449 TABLE DATA public idt postgres
3533; 0 16400 TABLE DATA public new line (x) FROM stdin; postgres
3535; 0 16410 TABLE DATA public nocol postgres
3536; 0 16413 TABLE DATA public one postgres
3537; 0 16421 TABLE DATA public part1 postgres
3538; 0 16424 TABLE DATA public part2 postgres
3530; 0 16385 TABLE DATA public plain postgres
3545; 0 16465 TABLE DATA public unl postgres
3534; 0 16405 TABLE DATA public ünïcödé 表 🐘 postgres
3564; 0 0 SEQUENCE SET public idt_id_seq postgres
3565; 0 0 SEQUENCE SET public sq postgres
3566; 0 0 SEQUENCE SET public sq COPY public.fake (a) FROM stdin; --' postgres
3550; 0 0 BLOBS - BLOBS 
3374; 2606 16455 CONSTRAINT public idt idt_pkey postgres
3372; 2606 16391 CONSTRAINT public plain plain_pkey postgres
3370; 1259 16472 INDEX public plain_b_idx postgres
3375; 3381 16471 STATISTICS public st postgres
3376; 2620 16470 TRIGGER public plain tr postgres
3524; 3256 16469 POLICY public plain p postgres
3523; 0 16385 ROW SECURITY public plain postgres
3525; 6104 16460 PUBLICATION - pub postgres
3526; 6104 16461 PUBLICATION - pub2 postgres
3527; 6104 16463 PUBLICATION - pub3 postgres
3528; 6106 16464 PUBLICATION TABLE public pub3 plain postgres
3529; 6237 16462 PUBLICATION TABLES IN SCHEMA public pub2 public postgres
2200; 826 16606 DEFAULT ACL - DEFAULT PRIVILEGES FOR TABLES postgres
3539; 0 16427 MATERIALIZED VIEW DATA public mv postgres
3541; 0 16439 MATERIALIZED VIEW DATA public mv odd x postgres
`;

const table = (name: string, oid: number): ExpectedEntries['tables'][number] => ({
  schema: 'public',
  name,
  kind: 'table',
  oid,
  rows: 1,
});
const view = (oid: number, rows: number | null): ExpectedEntries['tables'][number] => ({
  schema: 'public',
  name: 'mv',
  kind: 'materialized view',
  oid,
  rows,
});

describe('parseToc', () => {
  const toc = parseToc(listing);
  const find = (dumpId: number) => toc.entries.find((entry) => entry.dumpId === dumpId);

  test('reads every line that is no comment', () => {
    expect(toc.entries).toHaveLength(listing.split('\n').filter((line) => /^\d/.test(line)).length);
  });

  test('reads the header', () => {
    expect(toc.databaseVersion).toBe('15.18 (Debian 15.18-0+deb12u1)');
    expect(toc.entryCount).toBe(72);
  });

  test.each([
    [7, 'SCHEMA', '- odd "schema" x postgres'],
    [2, 'EXTENSION', '- hstore '],
    [3532, 'TABLE DATA', 'odd "schema" x t "q" ; 1 2 TABLE DATA public postgres'],
    [3533, 'TABLE DATA', 'public new line (x) FROM stdin; postgres'],
    [3534, 'TABLE DATA', 'public ünïcödé 表 🐘 postgres'],
    [226, 'MATERIALIZED VIEW', 'public mv postgres'],
    [3539, 'MATERIALIZED VIEW DATA', 'public mv postgres'],
    [3560, 'SEQUENCE OWNED BY', 'public idt_id_seq postgres'],
    [3566, 'SEQUENCE SET', "public sq COPY public.fake (a) FROM stdin; --' postgres"],
    [3366, 'TABLE ATTACH', 'public part1 postgres'],
    [3374, 'CONSTRAINT', 'public idt idt_pkey postgres'],
    [3523, 'ROW SECURITY', 'public plain postgres'],
    [3528, 'PUBLICATION TABLE', 'public pub3 plain postgres'],
    [3529, 'PUBLICATION TABLES IN SCHEMA', 'public pub2 public postgres'],
    [2200, 'DEFAULT ACL', '- DEFAULT PRIVILEGES FOR TABLES postgres'],
    [3550, 'BLOBS', '- BLOBS '],
    [3547, 'BLOB', '- 16458 postgres'],
    [3562, 'COMMENT', '- LARGE OBJECT 16457 postgres'],
  ])('%d is %s of %s', (dumpId, description, rest) => {
    expect(find(dumpId)).toMatchObject({ description, rest });
  });

  test('keeps the ids', () => {
    expect(parseToc('7; 2615 16384 SCHEMA - odd "schema" x postgres').entries).toEqual([
      { dumpId: 7, tableOid: 2615, oid: 16384, description: 'SCHEMA', rest: '- odd "schema" x postgres' },
    ]);
  });

  test.each([
    ['9; 1259 1 TABLE DATA users postgres', 'TABLE', 'DATA users postgres'],
    ['9; 0 1 TABLE DATA DATA users postgres', 'TABLE DATA', 'DATA users postgres'],
    ['9; 1259 1 MATERIALIZED VIEW DATA users postgres', 'MATERIALIZED VIEW', 'DATA users postgres'],
    ['9; 1259 1 SEQUENCE SET users postgres', 'SEQUENCE', 'SET users postgres'],
    ['9; 2604 1 DEFAULT ACL users id postgres', 'DEFAULT', 'ACL users id postgres'],
    ['9; 2617 1 OPERATOR CLASS + postgres', 'OPERATOR', 'CLASS + postgres'],
    ['9; 2613 16457 BLOB METADATA - 16457..16459 postgres', 'BLOB METADATA', '- 16457..16459 postgres'],
    ['9; 0 0 STATISTICS DATA public plain ', 'STATISTICS DATA', 'public plain '],
    ['9; 0 0 NOVELTY public plain postgres', 'NOVELTY', 'public plain postgres'],
  ])('is not misled by names that look like descriptions: %s', (line, description, rest) => {
    expect(parseToc(line).entries).toMatchObject([{ description, rest }]);
  });

  test('an empty listing has no entries', () => {
    expect(parseToc('')).toEqual({ entries: [], databaseVersion: undefined, entryCount: undefined });
  });
});

describe('missingDumpEntries', () => {
  const toc = parseToc(listing);

  test('a whole dump lacks nothing', () => {
    const tables = [table('plain', 16385), table('odd', 16395), table('part1', 16421), view(16427, 10), view(16433, null)];
    expect(missingDumpEntries(toc.entries, { tables, largeObjects: 3 })).toEqual([]);
  });

  test('names what is missing', () => {
    const tables = [table('plain', 16385), table('lo\nst', 99), view(16433, 0)];
    expect(missingDumpEntries(toc.entries, { tables, largeObjects: 5 })).toEqual([
      'data of table "public"."lo\\nst"',
      'data of materialized view "public"."mv"',
      '2 of 5 large objects',
    ]);
  });

  test('a partitioned table, which holds no rows itself, has no data entry', () => {
    expect(missingDumpEntries(toc.entries, { tables: [table('part', 16418)], largeObjects: 0 })).toHaveLength(1);
  });

  test('the definition of a table is not its data', () => {
    const schemaOnly = parseToc(
      '216; 1259 16385 TABLE public plain postgres\n3522; 0 16385 ROW SECURITY public plain postgres',
    );
    expect(missingDumpEntries(schemaOnly.entries, { tables: [table('plain', 16385)], largeObjects: 1 })).toEqual([
      'data of table "public"."plain"',
      'data of large objects',
    ]);
  });

  test('pg_dump 17 lists many large objects in one entry', () => {
    const toc17 = parseToc('1; 2613 5 BLOB METADATA - 5..9 postgres\n2; 0 0 BLOBS - 5..9 postgres');
    expect(missingDumpEntries(toc17.entries, { tables: [], largeObjects: 5 })).toEqual([]);
    const withoutBytes = parseToc('1; 2613 5 BLOB METADATA - 5..9 postgres');
    expect(missingDumpEntries(withoutBytes.entries, { tables: [], largeObjects: 5 })).toEqual(['data of large objects']);
  });
});

import type { TableRecord } from './manifest.ts';

/** One thing in a dump, as a line of `pg_restore --list` shows it. */
export interface TocEntry {
  readonly dumpId: number;
  /** The catalog that the object stands in, and its object id there; both can be 0. */
  readonly tableOid: number;
  readonly oid: number;
  /** What it is: TABLE, TABLE DATA, BLOBS. */
  readonly description: string;
  /** Schema, name and owner with a space between, which names can hold too; newlines in them have become spaces. */
  readonly rest: string;
}

/** What of an entry tells whether rows are in the dump. */
export type DumpedEntry = Pick<TocEntry, 'tableOid' | 'oid' | 'description'>;

export interface Toc {
  readonly entries: readonly TocEntry[];
  /** The server's version as it told it: `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly databaseVersion: string | undefined;
  /** How many entries the dump has in all; the listing leaves a few out that are no objects (encoding, search path). */
  readonly entryCount: number | undefined;
}

/** What a dump must hold for a backup to be one. */
export interface ExpectedEntries {
  readonly tables: readonly Pick<TableRecord, 'schema' | 'name' | 'kind' | 'oid' | 'rows'>[];
  /** How many large objects there were. */
  readonly largeObjects: number;
}

/** The descriptions of more than one word that pg_dump 10 to 18 writes (ArchiveEntry in pg_dump.c). */
const descriptions = [
  'ACCESS METHOD',
  'ACL LANGUAGE',
  'BLOB COMMENTS',
  'BLOB METADATA',
  'CHECK CONSTRAINT',
  'DATABASE PROPERTIES',
  'DEFAULT ACL',
  'EVENT TRIGGER',
  'FK CONSTRAINT',
  'FOREIGN DATA WRAPPER',
  'FOREIGN TABLE',
  'INDEX ATTACH',
  'MATERIALIZED VIEW DATA',
  'MATERIALIZED VIEW',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURAL LANGUAGE',
  'PUBLICATION TABLES IN SCHEMA',
  'PUBLICATION TABLE',
  'ROW SECURITY',
  'SECURITY LABEL',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'SHELL TYPE',
  'STATISTICS DATA',
  'SUBSCRIPTION TABLE',
  'TABLE ATTACH',
  'TABLE DATA',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'USER MAPPING',
].toSorted((a, b) => b.length - a.length);

/**
 * The catalog of descriptions that begin with another one: by it the data of a table (0) is told from a table (1259) in a
 * schema that is called "DATA".
 */
const catalogOf: Readonly<Record<string, number>> = {
  'DEFAULT ACL': 826,
  'INDEX ATTACH': 0,
  'MATERIALIZED VIEW DATA': 0,
  'OPERATOR CLASS': 2616,
  'OPERATOR FAMILY': 2753,
  'SEQUENCE OWNED BY': 0,
  'SEQUENCE SET': 0,
  'STATISTICS DATA': 0,
  'TABLE ATTACH': 0,
  'TABLE DATA': 0,
};

const entryPattern = /^(\d+); (\d+) (\d+) (.*)$/;

/**
 * Reads the output of `pg_restore --list`. Lines that are no entry are passed over: what has to be there is for
 * `missingDumpEntries` to say.
 */
export function parseToc(text: string): Toc {
  const entries: TocEntry[] = [];
  for (const line of text.split('\n')) {
    const entry = parseEntry(line);
    if (entry !== undefined) entries.push(entry);
  }
  const entryCount = readHeader(text, 'TOC Entries');
  return {
    entries,
    databaseVersion: readHeader(text, 'Dumped from database version'),
    entryCount: entryCount === undefined ? undefined : Number(entryCount),
  };
}

function parseEntry(line: string): TocEntry | undefined {
  const match = entryPattern.exec(line);
  if (match === null) return undefined;
  const tableOid = Number(match[2]);
  const text = match[4]!;
  const description = findDescription(text, tableOid);
  return {
    dumpId: Number(match[1]),
    tableOid,
    oid: Number(match[3]),
    description,
    rest: text.slice(description.length + 1),
  };
}

function findDescription(text: string, tableOid: number): string {
  const known = descriptions.find(
    (description) => text.startsWith(`${description} `) && (catalogOf[description] ?? tableOid) === tableOid,
  );
  return known ?? text.split(' ', 1)[0]!;
}

function readHeader(text: string, label: string): string | undefined {
  return new RegExp(`^;\\s+${label}: (.*)$`, 'm').exec(text)?.[1];
}

/**
 * What should be in the dump and is not, each in words; nothing when the dump is whole. Tables that pg_dump was told to
 * leave out must not be among the expected ones.
 */
export function missingDumpEntries(entries: readonly DumpedEntry[], expected: ExpectedEntries): string[] {
  const dataEntries = new Set(
    entries.filter((entry) => entry.tableOid === 0).map((entry) => keyOf(entry.description, entry.oid)),
  );
  const missing = expected.tables.filter(
    (table) => !isUnpopulated(table) && !dataEntries.has(keyOf(dataOf[table.kind], table.oid)),
  );
  return [
    ...missing.map((table) => `data of ${table.kind} ${JSON.stringify(table.schema)}.${JSON.stringify(table.name)}`),
    ...missingLargeObjects(entries, expected.largeObjects),
  ];
}

const dataOf = { table: 'TABLE DATA', 'materialized view': 'MATERIALIZED VIEW DATA' } as const;

function keyOf(description: string, oid: number): string {
  return `${oid} ${description}`;
}

function isUnpopulated(table: ExpectedEntries['tables'][number]): boolean {
  return table.kind === 'materialized view' && table.rows === null;
}

/** pg_dump writes an entry BLOB for each large object (up to 16) or BLOB METADATA for many (17), and BLOBS for their bytes. */
function missingLargeObjects(entries: readonly DumpedEntry[], count: number): string[] {
  if (count === 0) return [];
  const entriesOf = (description: string): number => entries.filter((entry) => entry.description === description).length;
  if (entriesOf('BLOBS') === 0) return ['data of large objects'];
  const listed = entriesOf('BLOB METADATA') > 0 ? count : entriesOf('BLOB');
  return listed < count ? [`${count - listed} of ${count} large objects`] : [];
}

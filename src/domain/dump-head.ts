/**
 * The head of a dump in pg_dump's custom format: a few facts and the table of contents, before the first row. It is read here, not
 * from `pg_restore --list`, which turns newlines into spaces and puts a space between names that may hold spaces themselves.
 * Format: WriteHead, WriteToc and _WriteExtraToc in PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c and pg_backup_custom.c.
 */
export interface DumpHead {
  /** Magic, version and facts up to the table of contents, as they are. */
  readonly preamble: Buffer;
  readonly format: DumpFormat;
  readonly entries: readonly DumpEntry[];
}

export interface DumpFormat {
  /** The minor version of the format 1.x: 14 (PostgreSQL 12 to 15), 15 (16), 16 (17 and 18). */
  readonly minor: number;
  /** Bytes of an integer and of a file offset. */
  readonly integerSize: number;
  readonly offsetSize: number;
}

export const sections = { none: 1, preData: 2, data: 3, postData: 4 } as const;

/** One thing in a dump. Texts are null where pg_dump wrote none. */
export interface DumpEntry {
  readonly dumpId: number;
  /** Whether rows (or the bytes of large objects) follow in the body of the dump. */
  readonly hasData: boolean;
  /** The catalog it stands in and its object id there, in decimal; "0" for what has none, such as a comment. */
  readonly catalogOid: string;
  readonly oid: string;
  /** Its name; of a trigger, constraint or policy with that of its table before it. */
  readonly tag: string | null;
  /** What it is: TABLE, TABLE DATA, FK CONSTRAINT. */
  readonly description: string | null;
  readonly section: number;
  /** The statements that make it and drop it. */
  readonly definition: string | null;
  readonly dropStatement: string | null;
  /** `COPY public.notes (id, body) FROM stdin;` */
  readonly copyStatement: string | null;
  readonly schema: string | null;
  readonly tablespace: string | null;
  readonly accessMethod: string | null;
  readonly relationKind: number;
  readonly owner: string | null;
  /** "false" since PostgreSQL 12. */
  readonly withOids: string | null;
  /** The dump ids it needs, in decimal. */
  readonly dependencies: readonly string[];
  /** Where its data lie: a state and an offset, which a dump into a pipe does not know. */
  readonly offset: Buffer;
}

/** The bytes do not yet hold the whole head. */
export class IncompleteHead extends Error {}
/** Not a dump in the custom format, or of a format that is not known. */
export class UnknownDumpFormat extends Error {}

const magic = 'PGDMP';
const customFormat = 1;
/** tableam came with 14, the algorithm of compression with 15, the kind of the relation with 16. */
const oldestMinor = 14;
const newestMinor = 16;

/**
 * Reads the head from the first bytes of a dump; answers how long it is. Throws IncompleteHead when the bytes end before it does,
 * UnknownDumpFormat when they cannot be understood.
 */
export function parseDumpHead(bytes: Buffer): { head: DumpHead; length: number } {
  const reader = new Reader(bytes);
  const format = reader.readFormat();
  reader.skipFacts(format);
  const preamble = bytes.subarray(0, reader.position);
  const count = reader.readInteger();
  const entries: DumpEntry[] = [];
  for (let index = 0; index < count; index += 1) entries.push(reader.readEntry());
  return { head: { preamble, format, entries }, length: reader.position };
}

class Reader {
  position = 0;
  private readonly bytes: Buffer;
  private format: DumpFormat = { minor: oldestMinor, integerSize: 4, offsetSize: 8 };

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  readFormat(): DumpFormat {
    const found = this.take(magic.length).toString('latin1');
    if (found !== magic) throw new UnknownDumpFormat('it is not a dump in the custom format');
    const [major, minor, , integerSize, offsetSize, kind] = this.take(6);
    if (major !== 1 || minor! < oldestMinor || minor! > newestMinor || kind !== customFormat) {
      throw new UnknownDumpFormat(`it has the format ${major}.${minor}, kind ${kind}`);
    }
    if (![4, 8].includes(integerSize!) || ![4, 8].includes(offsetSize!)) {
      throw new UnknownDumpFormat(`its numbers have ${integerSize} and ${offsetSize} bytes`);
    }
    this.format = { minor: minor!, integerSize: integerSize!, offsetSize: offsetSize! };
    return this.format;
  }

  /** The compression, the time of the dump, the database's name, and the versions of server and pg_dump. */
  skipFacts({ minor }: DumpFormat): void {
    if (minor >= 15) this.take(1);
    else this.readInteger();
    for (let field = 0; field < 7; field += 1) this.readInteger();
    for (let field = 0; field < 3; field += 1) this.readText();
  }

  readEntry(): DumpEntry {
    return {
      dumpId: this.readInteger(),
      hasData: this.readInteger() !== 0,
      catalogOid: this.readText() ?? '0',
      oid: this.readText() ?? '0',
      tag: this.readText(),
      description: this.readText(),
      section: this.readInteger(),
      definition: this.readText(),
      dropStatement: this.readText(),
      copyStatement: this.readText(),
      schema: this.readText(),
      tablespace: this.readText(),
      accessMethod: this.readText(),
      relationKind: this.format.minor >= 16 ? this.readInteger() : 0,
      owner: this.readText(),
      withOids: this.readText(),
      dependencies: this.readDependencies(),
      offset: this.take(1 + this.format.offsetSize),
    };
  }

  private readDependencies(): string[] {
    const dependencies: string[] = [];
    for (let text = this.readText(); text !== null; text = this.readText()) dependencies.push(text);
    return dependencies;
  }

  /** A sign, then the bytes from the lowest on. */
  readInteger(): number {
    const [sign, ...bytes] = this.take(1 + this.format.integerSize);
    const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
    return sign === 0 ? value : -value;
  }

  readText(): string | null {
    const length = this.readInteger();
    return length < 0 ? null : this.take(length).toString('utf8');
  }

  private take(length: number): Buffer {
    const end = this.position + length;
    if (end > this.bytes.length) throw new IncompleteHead();
    const taken = this.bytes.subarray(this.position, end);
    this.position = end;
    return taken;
  }
}

/** Writes a head as pg_dump does; of what `parseDumpHead` has read the same bytes, as long as its texts are UTF-8. */
export function formatDumpHead({ preamble, format, entries }: DumpHead): Buffer {
  const integer = (value: number): Buffer => formatInteger(value, format.integerSize);
  const text = (value: string | null): Buffer => {
    if (value === null) return integer(-1);
    const bytes = Buffer.from(value);
    return Buffer.concat([integer(bytes.length), bytes]);
  };
  const formatEntry = (entry: DumpEntry): Buffer[] => [
    integer(entry.dumpId),
    integer(entry.hasData ? 1 : 0),
    ...[entry.catalogOid, entry.oid, entry.tag, entry.description].map(text),
    integer(entry.section),
    ...[entry.definition, entry.dropStatement, entry.copyStatement, entry.schema, entry.tablespace, entry.accessMethod].map(
      text,
    ),
    ...(format.minor >= 16 ? [integer(entry.relationKind)] : []),
    ...[entry.owner, entry.withOids, ...entry.dependencies, null].map(text),
    entry.offset,
  ];
  return Buffer.concat([preamble, integer(entries.length), ...entries.flatMap(formatEntry)]);
}

function formatInteger(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = value < 0 ? 1 : 0;
  let rest = Math.abs(value);
  for (let index = 1; index <= size; index += 1) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** An entry of our own: a statement that pg_restore prints, or runs, at its place among the others. */
export function statementEntry(
  { format }: Pick<DumpHead, 'format'>,
  statement: { readonly dumpId: number; readonly section: number; readonly description: string; readonly sql: string },
): DumpEntry {
  const offset = Buffer.alloc(1 + format.offsetSize);
  offset[0] = noData;
  return {
    dumpId: statement.dumpId,
    hasData: false,
    catalogOid: '0',
    oid: '0',
    tag: 'restore',
    description: statement.description,
    section: statement.section,
    definition: statement.sql,
    dropStatement: '',
    copyStatement: null,
    schema: null,
    tablespace: null,
    accessMethod: null,
    relationKind: 0,
    owner: null,
    withOids: 'false',
    dependencies: [],
    offset,
  };
}

/** K_OFFSET_NO_DATA */
const noData = 3;

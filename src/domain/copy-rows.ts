/** What has been counted. */
export interface CopyRows {
  /** Rows by `copyRowsKey`; a table without rows is there with 0. */
  readonly rows: ReadonlyMap<string, number>;
  /** How many large objects are filled. */
  readonly largeObjects: number;
  /** Whether the text ended where a dump may end, and not within a table or a statement. */
  readonly complete: boolean;
}

export interface CopyRowCounter {
  /** Takes the next bytes, cut anywhere. */
  write(chunk: Uint8Array): void;
  finish(): CopyRows;
}

/** The key of a table in `CopyRows`: no name can hold the character between the two. */
export function copyRowsKey(schema: string, table: string): string {
  return `${schema}\0${table}`;
}

/**
 * Counts the rows of each table in the SQL that `pg_restore --data-only --file=-` prints of a custom-format dump, in a
 * constant amount of memory and without making a string of any row.
 *
 * It reads the text as PostgreSQL would, as statements with literals, quoted identifiers and comments, so that a COPY that
 * stands in the name of a sequence or in the comment on a large object is not taken for one. Only `--data-only` keeps that
 * simple: nothing in it is quoted with dollars, as function bodies are, and quotes within quotes are always doubled. Names
 * are read as UTF-8, which they are unless the database has another encoding.
 */
export function createCopyRowCounter(): CopyRowCounter {
  const scanner: Scanner = { state: 'statement', statement: '', table: '', matched: 0, rows: new Map(), largeObjects: 0 };
  return {
    write(chunk) {
      let position = 0;
      while (position < chunk.length) position = readers[scanner.state](scanner, chunk, position);
    },
    finish() {
      const complete = scanner.state === 'statement' && scanner.statement.trim() === '';
      return { rows: scanner.rows, largeObjects: scanner.largeObjects, complete };
    },
  };
}

interface Scanner {
  state: 'statement' | 'literal' | 'identifier' | 'comment' | 'copy' | 'rows';
  /** The current statement without literals and comments; each character stands for one byte. */
  statement: string;
  /** The key of the table whose rows follow. */
  table: string;
  /** Of how many bytes of the terminator the current line consists; -1 when it is a row. */
  matched: number;
  readonly rows: Map<string, number>;
  largeObjects: number;
}

/** Reads on in one state from `start`, and returns the position behind what it has read. */
type Reader = (scanner: Scanner, chunk: Uint8Array, start: number) => number;

const newline = 0x0a;
/** The line that ends the rows. A row never looks like it: COPY doubles every backslash of a value. */
const terminator = Buffer.from('\\.\n');

const readers: Readonly<Record<Scanner['state'], Reader>> = {
  statement: readStatement,
  literal: (scanner, chunk, start) => skipPast(scanner, chunk, { start, byte: 0x27, next: 'statement' }),
  identifier: readIdentifier,
  comment: (scanner, chunk, start) => skipPast(scanner, chunk, { start, byte: newline, next: 'statement' }),
  copy: (scanner, chunk, start) => skipPast(scanner, chunk, { start, byte: newline, next: 'rows' }),
  rows: readRows,
};

/** The bytes that may end a statement or begin something else in it: quotes, hyphen, semicolon, backslash. */
const special = new Set([0x22, 0x27, 0x2d, 0x3b, 0x5c]);

function readStatement(scanner: Scanner, chunk: Uint8Array, start: number): number {
  let end = start;
  while (end < chunk.length && !special.has(chunk[end]!)) end += 1;
  scanner.statement += Buffer.from(chunk.buffer, chunk.byteOffset + start, end - start).toString('latin1');
  if (end === chunk.length) return end;
  readSpecial(scanner, String.fromCharCode(chunk[end]!));
  return end + 1;
}

function readSpecial(scanner: Scanner, character: string): void {
  if (character === ';') {
    endStatement(scanner);
  } else if (character === "'") {
    scanner.state = 'literal';
  } else if (character === '-' && scanner.statement.endsWith('-')) {
    scanner.statement = scanner.statement.slice(0, -1);
    scanner.state = 'comment';
  } else if (character === '\\' && scanner.statement.trim() === '') {
    // A command for psql, \restrict: its line is no SQL.
    scanner.state = 'comment';
  } else {
    scanner.statement += character;
    if (character === '"') scanner.state = 'identifier';
  }
}

function readIdentifier(scanner: Scanner, chunk: Uint8Array, start: number): number {
  const quote = chunk.indexOf(0x22, start);
  const end = quote < 0 ? chunk.length : quote + 1;
  scanner.statement += Buffer.from(chunk.subarray(start, end)).toString('latin1');
  if (quote >= 0) scanner.state = 'statement';
  return end;
}

function skipPast(
  scanner: Scanner,
  chunk: Uint8Array,
  { start, byte, next }: { start: number; byte: number; next: Scanner['state'] },
): number {
  const position = chunk.indexOf(byte, start);
  if (position < 0) return chunk.length;
  scanner.state = next;
  return position + 1;
}

const name = /"(?:[^"]|"")*"|[^\s."(]+/.source;
const copyPattern = new RegExp(`^\\s*COPY (${name})\\.(${name}) .*FROM stdin$`, 's');

function endStatement(scanner: Scanner): void {
  const match = copyPattern.exec(scanner.statement);
  // pg_restore opens every large object once, the empty ones as well.
  if (/^\s*SELECT pg_catalog\.lo_open\(/.test(scanner.statement)) scanner.largeObjects += 1;
  scanner.statement = '';
  if (match === null) return;
  scanner.table = copyRowsKey(unquote(match[1]!), unquote(match[2]!));
  scanner.rows.set(scanner.table, scanner.rows.get(scanner.table) ?? 0);
  scanner.matched = 0;
  scanner.state = 'copy';
}

function unquote(identifier: string): string {
  const text = Buffer.from(identifier, 'latin1').toString('utf8');
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** The one loop that sees every byte of the data. */
function readRows(scanner: Scanner, chunk: Uint8Array, start: number): number {
  let { matched } = scanner;
  let count = scanner.rows.get(scanner.table)!;
  let position = start;
  while (position < chunk.length && matched < terminator.length) {
    if (matched >= 0 && chunk[position] === terminator[matched]) {
      matched += 1;
      position += 1;
    } else {
      while (position < chunk.length && chunk[position] !== newline) position += 1;
      matched = position < chunk.length ? 0 : -1;
      count += matched + 1;
      position += 1;
    }
  }
  scanner.rows.set(scanner.table, count);
  scanner.matched = matched;
  if (matched === terminator.length) scanner.state = 'statement';
  return position;
}

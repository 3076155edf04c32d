import { quoteLiteral } from './sql.ts';

/** Begins the warning by which a server tells of a statement that it refused; JSON follows. */
const marker = 'supabase-backup-agent skipped: ';

/** A statement that could not be carried out, where that was to be borne. */
export interface SkippedStatement {
  /** "index my_index on storage.objects" */
  readonly what: string;
  readonly error: string;
}

/**
 * Wraps SQL so that its failure undoes nothing else of the transaction, and is told by a warning. The block stands on its own: it
 * needs no helper function, which the several connections of a parallel restore would not share.
 */
export function tolerateFailure(what: string, sql: string): string {
  const body = `BEGIN
  EXECUTE ${quoteLiteral(sql)};
EXCEPTION WHEN OTHERS THEN
  ${warnOfSkipped(quoteLiteral(what), 'SQLERRM')}
END`;
  return `${doBlock(body)};\n`;
}

/** The PL/pgSQL statement that tells of it; both arguments are SQL expressions. */
export function warnOfSkipped(what: string, error: string): string {
  return `RAISE WARNING USING MESSAGE = ${quoteLiteral(marker)} || pg_catalog.json_build_object('what', ${what}, 'error', ${error})::text;`;
}

/** `DO` with a body in PL/pgSQL, whatever that contains; without the semicolon at its end. */
export function doBlock(body: string): string {
  const tag = dollarTag(body);
  return `DO ${tag}\n${body}\n${tag}`;
}

/** A dollar quote that the text does not contain. */
export function dollarTag(text: string): string {
  for (let number = 0; ; number += 1) {
    const tag = `$agent${number === 0 ? '' : number}$`;
    if (!text.includes(tag)) return tag;
  }
}

/** Reads such a warning out of a line that psql or pg_restore wrote to stderr; undefined for any other line. */
export function parseSkipped(line: string): SkippedStatement | undefined {
  const index = line.indexOf(marker);
  if (index < 0) return undefined;
  try {
    return JSON.parse(line.slice(index + marker.length)) as SkippedStatement;
  } catch {
    return { what: 'a statement', error: line.slice(index + marker.length) };
  }
}

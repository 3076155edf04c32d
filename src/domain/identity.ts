import type { CatalogRecord } from './catalog.ts';
import type { DumpEntry } from './dump-head.ts';

/**
 * Whether a record of the catalog is about one of these entries of a dump or a part of it. A dump writes `area(integer, text)`, the
 * catalog `public.area(integer,pg_catalog.text)`: so quotes, blanks and the schema of the server's own types are left out of both.
 */
export function isAbout(entries: readonly DumpEntry[]): (record: CatalogRecord) => boolean {
  const names = new Set(
    entries.flatMap(({ schema, tag }) => (schema === null || tag === null ? [] : [simplify(`${schema}.${tag}`)])),
  );
  const schemas = new Set(entries.flatMap(({ description, tag }) => (description === 'SCHEMA' ? [simplify(tag ?? '')] : [])));
  const inNoSchema = new Set(entries.flatMap(namesInNoSchema));
  return ({ class: className, schema, name }) => {
    if ([name, `${className} ${name}`].some((text) => inNoSchema.has(simplify(text)))) return true;
    if (schema === null) return false;
    // Of a schema alone, not of all that is in it.
    const itself = className === 'schema' ? name : /^(?:(?:owner|privileges|comment) )?schema (.+)$/s.exec(name.trim())?.[1];
    return (itself !== undefined && schemas.has(simplify(itself))) || wordsOf(name).some((word) => names.has(word));
  };
}

/** `publication some_rows`, for what stands in no schema; the catalog has other words for some of it. */
function namesInNoSchema({ description, schema, tag }: DumpEntry): string[] {
  const types = typesInNoSchema[description ?? ''];
  return types === undefined || schema !== null ? [] : types.map((type) => simplify(`${type} ${tag}`));
}

const typesInNoSchema: Readonly<Record<string, readonly string[]>> = {
  'EVENT TRIGGER': ['event trigger'],
  'FOREIGN DATA WRAPPER': ['foreign-data wrapper'],
  'PROCEDURAL LANGUAGE': ['language'],
  PUBLICATION: ['publication'],
  SERVER: ['server', 'foreign server'],
};

/** Of `table column public.notes.body`: all that could be the name of an object, `public.notes` among them. */
function wordsOf(name: string): string[] {
  const start = name.replace(/^.* on (?=[^ ])/, '');
  const candidates = [name, start, ...name.split(' ').map((_, index, words) => words.slice(index).join(' '))].map(simplify);
  return candidates.flatMap((candidate) => [candidate, candidate.slice(0, Math.max(0, candidate.lastIndexOf('.')))]);
}

/** A name without what a dump and the catalog write differently. */
export function simplify(name: string): string {
  return name.replaceAll('pg_catalog.', '').replaceAll(/["\s]/g, '');
}

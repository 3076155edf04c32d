import type { DumpEntry } from './dump-head.ts';

/** https://www.postgresql.org/docs/current/sql-commands.html: the commands that only a superuser may give. */
const descriptions = new Set([
  'ACCESS METHOD',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURAL LANGUAGE',
  'SHELL TYPE',
  'SUBSCRIPTION',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
]);

/** Commands that anybody may give, but not with these words, as pg_dump writes them. */
const words: Readonly<Record<string, readonly RegExp[]>> = {
  // A base type, or one that has been announced and never made.
  TYPE: [/\n {4}INTERNALLENGTH = /, /^CREATE TYPE [^\n]*;\n/],
  AGGREGATE: [/\n {4}M?STYPE = internal\b/],
  FUNCTION: routineWords(),
  PROCEDURE: routineWords(),
};

/** A language that is not trusted ends in u. */
function routineWords(): RegExp[] {
  return [
    /\n {4}LANGUAGE (c|internal|pl\w+u)\b/,
    /\n {4}LANGUAGE \S+ [^\n]*\b(LEAKPROOF|SUPPORT)\b/,
    /\n {4}SET session_replication_role /,
  ];
}

/** Whether PostgreSQL lets nobody but a superuser make it. */
export function isSuperuserOnly({ description, definition }: Pick<DumpEntry, 'description' | 'definition'>): boolean {
  if (descriptions.has(description ?? '')) return true;
  return (words[description ?? ''] ?? []).some((pattern) => pattern.test(definition ?? ''));
}

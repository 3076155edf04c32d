import type { DumpEntry } from './dump-head.ts';

/** The columns of `COPY schema.name (a, "b c") FROM stdin;`, without their quotes. */
export function copiedColumns({ copyStatement }: Pick<DumpEntry, 'copyStatement'>): string[] {
  const statement = copyStatement ?? '';
  const list = statement.slice(findColumnList(statement), statement.lastIndexOf(') FROM stdin'));
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,"()]+)/g)].map((match) => match[1]?.replaceAll('""', '"') ?? match[2]!);
}

/** Behind the first parenthesis that stands outside of quotes. */
function findColumnList(statement: string): number {
  let quoted = false;
  for (let index = 0; index < statement.length; index += 1) {
    if (statement[index] === '"') quoted = !quoted;
    if (statement[index] === '(' && !quoted) return index + 1;
  }
  return statement.length;
}

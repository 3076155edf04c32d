/**
 * From 16 on PostgreSQL prints the query of a view that reads one relation without the name of that before its columns: `SELECT id` where
 * it was `SELECT people.id`. Without those names both are the same text; any other query stays as it is.
 */
export function canonicalView(definition: string): string {
  const tokens = definition.match(tokenPattern) ?? [];
  const alias = findSoleAlias(outermost(tokens));
  if (alias === undefined) return definition;
  return tokens
    .map((token, index) =>
      isName(token) && tokens[index + 1] !== '(' && tokens[index - 1] !== '::' ? strip(token, alias) : token,
    )
    .join(' ');
}

const name = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
/** Strings, dollar-quoted ones, names with what they are qualified by, numbers, `::`, and single characters. */
const tokenPattern = new RegExp(
  String.raw`[eE]'(?:[^'\\]|''|\\[^])*'|'(?:[^']|'')*'|${name}(?:\.${name})*|[\p{N}.]+|::|\S`,
  'gu',
);
const firstName = new RegExp(`^${name}`, 'u');

function isName(token: string): boolean {
  return /^["\p{L}_]/u.test(token) && !/^[eE]'/.test(token);
}

function strip(token: string, alias: string): string {
  return token.startsWith(`${alias}.`) && firstName.exec(token)![0] === alias ? token.slice(alias.length + 1) : token;
}

/** What stands in no parentheses; those themselves are one token each. */
function outermost(tokens: readonly string[]): string[] {
  let depth = 0;
  const found: string[] = [];
  for (const token of tokens) {
    if (token === ')') depth -= 1;
    if (depth === 0) found.push(token === ')' ? '()' : token);
    if (token === '(') {
      depth += 1;
      found.pop();
    }
  }
  return found;
}

const setOperations = new Set(['UNION', 'INTERSECT', 'EXCEPT']);
const ends = new Set(['WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'FOR', ';']);

/** The name by which a query calls the one thing that it reads; undefined where it reads several, or none. */
function findSoleAlias(tokens: readonly string[]): string | undefined {
  const start = tokens.indexOf('FROM') + 1;
  if (start === 0 || tokens.some((token) => setOperations.has(token))) return undefined;
  const rest = tokens.slice(start);
  const end = rest.findIndex((token) => ends.has(token));
  const item = (end < 0 ? rest : rest.slice(0, end)).filter((token) => token !== 'ONLY' && token !== 'LATERAL');
  if (item.includes(',')) return undefined;
  const names = item.slice(0, 2).filter(isName);
  // A join stands in parentheses, and has no name of its own.
  if (names.length === 0 || item.includes('JOIN')) return undefined;
  return names.at(-1)!.match(new RegExp(name, 'gu'))!.at(-1);
}

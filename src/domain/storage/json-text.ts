/**
 * JSON as text. A row may hold numbers that JavaScript cannot (a file size limit is a bigint), so its text is never parsed and written
 * again: these functions change nothing but the white space between its tokens. They take text that is JSON.
 */
const tokenPattern = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+/g;

/** Without white space, and so on one line. */
export function compactJson(text: string): string {
  return (text.match(tokenPattern) ?? []).join('');
}

/** As `JSON.stringify(value, null, 2)` writes it. */
export function prettyJson(text: string): string {
  let depth = 0;
  let before = '';
  let pretty = '';
  for (const token of text.match(tokenPattern) ?? []) {
    const closes = token === '}' || token === ']';
    const opened = before === '{' || before === '[';
    if (closes) depth -= 1;
    if ((closes && !opened) || (opened && !closes) || before === ',') pretty += `\n${'  '.repeat(depth)}`;
    if (token === '{' || token === '[') depth += 1;
    pretty += token === ':' ? ': ' : token;
    before = token;
  }
  return pretty;
}

/** The text of a member of an object; undefined where it has none of that name. */
export function memberOf(text: string, name: string): string | undefined {
  const key = JSON.stringify(name);
  let depth = 0;
  let member: string | undefined;
  let before = '';
  for (const token of text.match(tokenPattern) ?? []) {
    if (token === '}' || token === ']') depth -= 1;
    if (member !== undefined && (depth === 0 || (depth === 1 && token === ','))) return member;
    if (member !== undefined) member += token;
    else if (depth === 1 && token === ':' && before === key) member = '';
    if (token === '{' || token === '[') depth += 1;
    before = token;
  }
  return undefined;
}

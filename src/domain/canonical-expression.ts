/**
 * PostgreSQL prints an expression in another way once it has read what it printed: `(a AND b) AND c`, as `x BETWEEN 1 AND 2 AND c` is
 * at first, becomes `a AND b AND c`; `(ARRAY['a'::varchar])::text[]`, of a varchar column that is IN a list, becomes
 * `ARRAY[('a'::varchar)::text]`; the `ON TRUE` of a join without columns in common `ON (true)`. So after a restore views,
 * constraints, policies and the like read otherwise, and mean the same.
 */

type Node = string | Group;
interface Group {
  readonly open: '(' | '[';
  readonly items: readonly Node[];
}

/** One text for all the ways in which PostgreSQL prints the same expression; any other text in words that are still its own. */
export function canonicalExpression(text: string): string {
  const tokens = tokenize(text);
  const stack: { open: '(' | '['; items: Node[] }[] = [{ open: '(', items: [] }];
  for (const token of tokens) {
    const top = stack.at(-1)!;
    if (token === '(' || token === '[') stack.push({ open: token, items: [] });
    else if (token === ')' || token === ']') {
      // Not an expression: nothing is to be made of it.
      if (stack.length === 1 || closing[top.open] !== token) return text;
      stack.pop();
      stack.at(-1)!.items.push(top);
    } else top.items.push(token);
  }
  return stack.length === 1 ? print(simplify(stack[0]!.items)) : text;
}

const closing = { '(': ')', '[': ']' } as const;

/** Strings, quoted names, dollar-quoted bodies, words, `::`, and single characters; without what stands between them. */
const tokenPattern =
  /[eE]'(?:[^'\\]|''|\\[^])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<dollar>\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)[^]*?\k<dollar>|[\p{L}\p{N}_$.]+|::|\S/gu;

function tokenize(text: string): string[] {
  return text.match(tokenPattern) ?? [];
}

function print(items: readonly Node[]): string {
  return items
    .map((item) => (typeof item === 'string' ? item : `${item.open}${print(item.items)}${closing[item.open]}`))
    .join(' ');
}

function simplify(items: readonly Node[]): Node[] {
  const inner = items.map((item) => (typeof item === 'string' ? item : { ...item, items: simplify(item.items) }));
  return flatten(castElements(joinOnTrue(inner)));
}

function joinOnTrue(items: readonly Node[]): Node[] {
  return items.map((item, index) => (item === 'TRUE' && items[index - 1] === 'ON' ? { open: '(', items: ['true'] } : item));
}

/** `(ARRAY[x, y])::text[]` and `ARRAY[x, y]::text[]` as `ARRAY[(x)::text, (y)::text]` and `ARRAY[x::text, y::text]`. */
function castElements(items: readonly Node[]): Node[] {
  const result: Node[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const found = readArray(items, index);
    const cast = found === undefined ? undefined : readArrayType(items, found.end);
    if (found === undefined || cast === undefined) {
      result.push(items[index]!);
      continue;
    }
    const elements = split(found.array.items, ',').map((element): Node[] => [
      ...(found.isWrapped ? [{ open: '(' as const, items: element }] : element),
      '::',
      ...cast.type,
    ]);
    result.push('ARRAY', { open: '[', items: join(elements, ',') });
    index = cast.end - 1;
  }
  return result;
}

function readArray(
  items: readonly Node[],
  index: number,
): { readonly array: Group; readonly isWrapped: boolean; readonly end: number } | undefined {
  const item = items[index]!;
  const isWrapped = typeof item !== 'string' && item.open === '(' && item.items.length === 2;
  const [word, array] = isWrapped ? item.items : [item, items[index + 1]];
  if (word !== 'ARRAY' || typeof array !== 'object' || array.open !== '[') return undefined;
  return { array, isWrapped, end: index + (isWrapped ? 1 : 2) };
}

/** What stands between `::` and `[]`: words, and perhaps a length in parentheses. */
function readArrayType(items: readonly Node[], start: number): { readonly type: Node[]; readonly end: number } | undefined {
  if (items[start] !== '::') return undefined;
  const isEnd = (item: Node): boolean => typeof item !== 'string' && item.open === '[' && item.items.length === 0;
  const length = items.slice(start + 1).findIndex(isEnd);
  const type = items.slice(start + 1, start + 1 + length);
  const isType = type.every((item) => (typeof item === 'string' ? /^[\p{L}"_]/u.test(item) : item.open === '('));
  return length > 0 && isType ? { type, end: start + length + 2 } : undefined;
}

/** `(a AND b) AND c` as `a AND b AND c`, and with OR; where both stand side by side nothing is changed. */
function flatten(items: readonly Node[]): Node[] {
  const operator = soleOperator(items);
  if (operator === undefined) return [...items];
  const operands = split(items, operator).flatMap((operand) => {
    const [only] = operand;
    const isNested =
      operand.length === 1 && typeof only === 'object' && only.open === '(' && soleOperator(only.items) === operator;
    return isNested ? split(only.items, operator) : [operand];
  });
  return join(operands, operator);
}

function soleOperator(items: readonly Node[]): 'AND' | 'OR' | undefined {
  const isQuery = ['SELECT', 'WITH', 'VALUES'].some((word) => word === items[0]);
  if (isQuery || items.includes('AND') === items.includes('OR')) return undefined;
  return items.includes('AND') ? 'AND' : 'OR';
}

function split(items: readonly Node[], separator: string): Node[][] {
  const parts: Node[][] = [[]];
  for (const item of items) {
    if (item === separator) parts.push([]);
    else parts.at(-1)!.push(item);
  }
  return parts;
}

function join(parts: readonly (readonly Node[])[], separator: string): Node[] {
  return parts.flatMap((part, index) => (index === 0 ? part : [separator, ...part]));
}

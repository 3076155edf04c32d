import { canonicalExpression } from './canonical-expression.ts';
import { canonicalView } from './canonical-view.ts';
import type { CatalogRecord } from './catalog.ts';
import { diffLines } from './line-difference.ts';

/** One record that only one of two catalogs has, or whose value differs. */
export interface CatalogDifference {
  readonly class: string;
  readonly name: string;
  readonly schema: string | null;
  /** Seen from the first catalog: it has what is missing in the second, and lacks what is extra there. */
  readonly kind: 'missing' | 'extra' | 'different';
  readonly before?: CatalogRecord['value'];
  readonly after?: CatalogRecord['value'];
}

/** Compares two catalogs record by record; sorted by class and name in the order of code units. */
export function diffCatalogs(before: readonly CatalogRecord[], after: readonly CatalogRecord[]): CatalogDifference[] {
  const rest = new Map(after.map((record) => [keyOf(record), record]));
  const differences: CatalogDifference[] = [];
  for (const record of before) {
    const other = rest.get(keyOf(record));
    rest.delete(keyOf(record));
    const { value, ...identity } = record;
    if (other === undefined) differences.push({ ...identity, kind: 'missing', before: value });
    else if (!isEqual(value, other.value, record.class.endsWith('view')))
      differences.push({ ...identity, kind: 'different', before: value, after: other.value });
  }
  for (const { value, ...identity } of rest.values()) differences.push({ ...identity, kind: 'extra', after: value });
  return differences.toSorted(compareKeys);
}

function keyOf(record: Pick<CatalogRecord, 'class' | 'name'>): string {
  return `${record.class}\0${record.name}`;
}

function compareKeys(one: CatalogDifference, other: CatalogDifference): number {
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function isEqual(one: CatalogRecord['value'], other: CatalogRecord['value'], areViews: boolean): boolean {
  // The same server writes the same text, which is quickly seen.
  if (JSON.stringify(one) === JSON.stringify(other) || canonicalJson(one) === canonicalJson(other)) return true;
  const [canonicalOne, canonicalOther] = [one, other].map((value) =>
    canonicalJson(withCanonicalExpressions(areViews ? withCanonicalView(value) : value)),
  );
  return canonicalOne === canonicalOther;
}

function withCanonicalView(value: CatalogRecord['value']): CatalogRecord['value'] {
  const { definition, ...rest } = value as Record<string, CatalogRecord['value']>;
  return { ...rest, definition: typeof definition === 'string' ? canonicalView(definition) : (definition ?? null) };
}

/** Fields in which PostgreSQL prints expressions; where it prints bodies of functions, too, those stand in quotes. */
const expressionFields = new Set([
  'arguments',
  'check',
  'default',
  'definition',
  'filter',
  'generated',
  'partitionBound',
  'partitionKey',
  'using',
]);

function withCanonicalExpressions(value: CatalogRecord['value']): CatalogRecord['value'] {
  if (Array.isArray(value)) return value.map(withCanonicalExpressions);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]): [string, CatalogRecord['value']] =>
    typeof field === 'string' && expressionFields.has(name)
      ? [name, canonicalExpression(field)]
      : [name, withCanonicalExpressions(field)],
  );
  return Object.fromEntries(fields);
}

/** JSON whose objects have their keys in one order: equal values are equal texts. */
export function canonicalJson(value: CatalogRecord['value']): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}

const signs = { missing: '-', extra: '+', different: '~' } as const;

/**
 * Renders differences for people: `+ table public.notes`; below a `~` what differs inside the value, texts of several lines line
 * by line. Every line ends with a line feed; no differences give an empty text. Names and texts cannot steer a terminal.
 */
export function formatDifference(differences: readonly CatalogDifference[]): string {
  const lines = differences.flatMap((difference) => [
    `${signs[difference.kind]} ${difference.class} ${difference.name}`,
    ...(difference.kind === 'different' ? diffValues(difference.before ?? null, difference.after ?? null) : []),
  ]);
  return lines.map((line) => `${escapeControls(line)}\n`).join('');
}

function diffValues(before: CatalogRecord['value'], after: CatalogRecord['value']): string[] {
  const [fieldsBefore, fieldsAfter] = [fieldsOf(before), fieldsOf(after)];
  const names = [...new Set([...fieldsBefore.keys(), ...fieldsAfter.keys()])].toSorted();
  return names.flatMap((name) => diffField(name, fieldsBefore.get(name), fieldsAfter.get(name)));
}

function fieldsOf(value: CatalogRecord['value']): Map<string, readonly string[]> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const fields = isObject ? Object.entries(value) : [['value', value] as const];
  return new Map(fields.map(([name, field]) => [name, linesOf(field)]));
}

/** A text gives its lines, a list its items. */
function linesOf(value: CatalogRecord['value']): string[] {
  if (typeof value === 'string') return value.split('\n');
  return Array.isArray(value) ? value.map(canonicalJson) : [canonicalJson(value)];
}

function diffField(name: string, before: readonly string[] = [], after: readonly string[] = []): string[] {
  const changes = diffLines(before, after);
  if (changes.length === 0) return [];
  if (before.length <= 1 && after.length <= 1) return changes.map(({ sign, line }) => `    ${sign} ${name}: ${line}`);
  return [`    ${name}:`, ...changes.map(({ sign, line }) => `      ${sign} ${line}`)];
}

/** Control characters, and those that turn the direction of text or end a line, as JavaScript would write them. */
function escapeControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}

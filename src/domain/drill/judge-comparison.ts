import type { ClassCounts, JudgedDifference } from '../comparison.ts';
import { tableOfColumn } from '../reordered-columns.ts';
import { unquoteIdentifier } from '../sql.ts';
import type { DrillCheckName, DrillFindings } from './check.ts';

/** What the comparison at the end of a restore has found, and how much of that nothing had foretold. */
export interface RehearsedComparison {
  readonly tables: number;
  readonly rows: number;
  readonly contents: number;
  readonly differences: readonly { readonly what: string; readonly expected: number; readonly found: number | null }[];
  readonly changedContents: readonly string[];
  readonly uncompared: readonly string[];
  readonly classes: readonly ClassCounts[] | undefined;
  readonly catalog: readonly JudgedDifference[];
  /** As `judgeRestore` names them: `rows of table public.notes`, `index public.notes_by_date`. */
  readonly unexplained: readonly string[];
}

/** Whether every table has as many rows as were captured. */
export function judgeRows(comparison: RehearsedComparison): DrillFindings {
  const { tables, rows, differences, uncompared, unexplained } = comparison;
  const isForetold = (what: string): boolean => !unexplained.includes(`rows of ${what}`);
  return {
    detail: `${tables.toLocaleString('en-US')} tables with ${rows.toLocaleString('en-US')} rows`,
    failed: differences.filter(({ what }) => !isForetold(what)).map(describeRows),
    notChecked: [...differences.filter(({ what }) => isForetold(what)).map(describeRows), ...uncompared],
  };
}

function describeRows({ what, expected, found }: RehearsedComparison['differences'][number]): string {
  return `${what}: ${found === null ? 'it is not there' : `${found} instead of ${expected}`}`;
}

/** Of which tables the backup has a hash of the content (VERIFY_CONTENT). */
export interface CapturedContents {
  readonly hashed: number;
  /** Tables with rows that could not be hashed when the backup was made: `public.notes`. */
  readonly unhashed: readonly string[];
}

/** Whether the rows are the same ones. */
export function judgeContent(
  { contents, changedContents }: RehearsedComparison,
  { hashed, unhashed }: CapturedContents,
): DrillFindings {
  const left = hashed - contents;
  return {
    detail: `${contents.toLocaleString('en-US')} of ${(hashed + unhashed.length).toLocaleString('en-US')} tables`,
    failed: changedContents,
    notChecked: [
      ...(left > 0 ? [`${left} tables whose rows or columns are not there as they were`] : []),
      ...unhashed.map((name) => `table ${name}: its content could not be hashed when the backup was made`),
    ],
  };
}

/** The checks that definitions belong to. */
type DefinitionCheck = Extract<
  DrillCheckName,
  'definitions' | 'foreign keys' | 'indexes' | 'sequences' | 'views' | 'row security'
>;

const checkOfClass: Readonly<Record<string, DefinitionCheck>> = {
  index: 'indexes',
  sequence: 'sequences',
  'sequence value': 'sequences',
  view: 'views',
  'materialized view': 'views',
  'row security': 'row security',
  policy: 'row security',
};

/** The classes whose records are counted in a check of their own. */
function isOfCheck(check: DefinitionCheck, className: string): boolean {
  return (checkOfClass[className] ?? 'definitions') === check;
}

function checkOf({ class: className, before, after }: JudgedDifference): DefinitionCheck {
  const value = (before ?? after) as { definition?: unknown } | null;
  const isForeignKey = className === 'table constraint' && String(value?.definition).startsWith('FOREIGN KEY');
  return isForeignKey ? 'foreign keys' : (checkOfClass[className] ?? 'definitions');
}

/** Whether definitions, owners, privileges and so on are what they were: those that belong to one check. */
export function judgeDefinitions(
  { classes, catalog, unexplained }: RehearsedComparison,
  check: DefinitionCheck,
): DrillFindings {
  if (classes === undefined) {
    const reason = 'the backup is of a version that captured no catalog';
    return { detail: 'no definitions', failed: [], notChecked: [reason] };
  }
  const lost = catalog.filter((difference) => difference.verdict === 'lost' && checkOf(difference) === check);
  const others = collectOtherVersions(catalog);
  const isForetold = (difference: JudgedDifference): boolean =>
    !unexplained.includes(`${difference.class} ${difference.name}`) || others.has(extensionOf(difference) ?? '');
  const reordered = catalog.filter((difference) => difference.verdict === 'reordered' && checkOf(difference) === check);
  const counted = classes.filter((counts) => isOfCheck(check, counts.class));
  const equal = counted.reduce((sum, counts) => sum + counts.equal, 0);
  return {
    detail: `${equal.toLocaleString('en-US')} definitions in ${counted.length} classes`,
    failed: lost.filter((difference) => !isForetold(difference)).map(describeDifference),
    notChecked: [...describeReordered(reordered), ...lost.filter(isForetold).map(describeDifference)],
  };
}

/** Extensions that this machine has in another version than the source: what they bring with them may be other things. */
function collectOtherVersions(catalog: readonly JudgedDifference[]): Set<string> {
  const extensions = catalog.filter(({ class: className, kind }) => className === 'extension' && kind === 'different');
  const others = extensions.filter(({ before, after }) => {
    const [was, is] = [before, after] as [{ version?: string; schema?: string }, { version?: string; schema?: string }];
    return was.version !== is.version && was.schema === is.schema;
  });
  return new Set(others.map(({ name }) => unquoteIdentifier(name)));
}

/** The extension that a difference is about, or about a member of it. */
function extensionOf({ class: className, name, before, after }: JudgedDifference): string | undefined {
  if (className === 'extension') return unquoteIdentifier(name);
  return ((before ?? after) as { extension?: string } | null | undefined)?.extension;
}

/** Nothing is wrong with these, but they are not as they were: no restore can do better. */
function describeReordered(differences: readonly JudgedDifference[]): string[] {
  const tables = new Set(differences.map(({ name }) => tableOfColumn(name)));
  return [...tables].map((table) => `table ${table}: another order of columns, as no dump keeps it of a table that inherits`);
}

function describeDifference({ kind, class: className, name }: JudgedDifference): string {
  return `${kind}: ${className} ${name}`;
}

/** What was asked of the restored things themselves, and what of their definitions differs. */
export function addDefinitions(asked: DrillFindings, definitions: DrillFindings): DrillFindings {
  return {
    detail: asked.detail,
    failed: [...asked.failed, ...definitions.failed],
    notChecked: [...asked.notChecked, ...definitions.notChecked],
  };
}

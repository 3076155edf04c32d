import { tableOfColumn } from '../domain/reordered-columns.ts';
import type { CompareReport } from '../pipeline/compare.ts';
import { printable } from '../domain/printable.ts';
import { formatTable } from './output.ts';

type Comparison = CompareReport['comparison'];

const shownDifferences = 40;

/** What a comparison has found, for people: the rows, then the classes that are not all equal, then the first differences by name. */
export function comparisonText(comparison: Comparison): string[] {
  const { tables, rows, contents } = comparison;
  const classes = comparison.classes ?? [];
  const unequal = classes.filter(({ missing, different, extra }) => missing + different + extra > 0);
  const equal = classes.reduce((sum, { equal: count }) => sum + count, 0);
  return [
    `Rows: ${tables} tables with ${rows.toLocaleString('en-US')} rows${contents > 0 ? `, the content of ${contents} of them` : ''}: ${rowVerdict(comparison)}.`,
    ...rowTable(comparison),
    ...shorten(comparison.uncompared.map((what) => `Could not be compared: ${what}`)),
    ...comparison.changedContents.map((what) => `Other rows than in the backup: ${what}`),
    ...(comparison.classes === undefined
      ? ['Definitions and privileges were not compared: the backup is of a version that captured no catalog.']
      : [
          `Definitions, owners and privileges: ${equal.toLocaleString('en-US')} in ${classes.length} classes are equal${unequal.length === 0 ? '.' : ', but:'}`,
        ]),
    ...(unequal.length === 0 ? [] : [classTable(unequal)]),
    ...shorten(comparison.privilegeLeaks.map((leak) => `Privilege leak: ${leak}`)),
    ...nameDifferences(comparison),
  ];
}

function rowVerdict({ differences, changedContents, uncompared }: Comparison): string {
  if (differences.length + changedContents.length > 0) return 'NOT EQUAL';
  return uncompared.length === 0 ? 'all equal' : `all equal but ${uncompared.length} that could not be compared`;
}

function rowTable({ differences }: Comparison): string[] {
  if (differences.length === 0) return [];
  const lines = differences.map(({ what, expected, found }) => [
    what,
    String(expected),
    found === null ? 'missing' : String(found),
  ]);
  return [formatTable(['WHAT', 'IN THE BACKUP', 'FOUND'], lines, [1, 2])];
}

function classTable(classes: NonNullable<Comparison['classes']>): string {
  const lines = classes.map((counts) =>
    [counts.class, counts.equal, counts.missing, counts.different, counts.extra].map(String),
  );
  return formatTable(['CLASS', 'EQUAL', 'MISSING', 'DIFFERENT', 'EXTRA'], lines, [1, 2, 3, 4]);
}

function nameDifferences({ catalog }: Comparison): string[] {
  const lost = catalog
    .filter(({ verdict }) => verdict === 'lost')
    .map(({ kind, class: name, name: of }) => `  ${kind}: ${name} ${of}`);
  const resting = catalog
    .filter(({ verdict }) => verdict === 'resting')
    .map(({ class: name, name: of }) => `  at rest until switched on: ${name} ${of}`);
  const reordered = catalog.filter(({ verdict }) => verdict === 'reordered').map(({ name }) => tableOfColumn(name));
  const platform = catalog.filter(({ verdict }) => verdict === 'platform').length;
  return [
    ...shorten(lost),
    ...resting,
    ...shorten(
      [...new Set(reordered)].map(
        (table) => `  other order of columns, as no dump keeps it of a table that inherits: ${table}`,
      ),
    ),
    ...(platform === 0
      ? []
      : [`${platform} differences are the platform's own affair (another version of it, its own roles): --json names them.`]),
  ];
}

function shorten(lines: readonly string[]): string[] {
  const more = lines.length - shownDifferences;
  return [
    ...lines.slice(0, shownDifferences).map(printable),
    ...(more > 0 ? [`  and ${more} more: --json names them all`] : []),
  ];
}

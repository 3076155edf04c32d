import type { Definition } from './drift-selection.ts';

/** Something that differs between two sets of definitions. */
export interface DefinitionChange {
  /** "TABLE public.notes" */
  readonly what: string;
  readonly expected: Definition | undefined;
  readonly live: Definition | undefined;
}

/** What differs: what `live` has or has otherwise, in its order, then what only `expected` has, last made first. */
export function compareDefinitions(expected: readonly Definition[], live: readonly Definition[]): DefinitionChange[] {
  const before = new Map(expected.map((entry) => [keyOf(entry), entry]));
  const after = new Set(live.map(keyOf));
  const made = live
    .map((entry) => ({ what: describe(entry), expected: before.get(keyOf(entry)), live: entry }))
    .filter((change) => change.expected === undefined || comparable(change.expected) !== comparable(change.live));
  const gone = expected
    .filter((entry) => !after.has(keyOf(entry)))
    .map((entry) => ({ what: describe(entry), expected: entry, live: undefined }));
  return [...made, ...gone.toReversed()];
}

/** The tag of an operator is its name alone, which several share. */
function keyOf({ description, schema, tag, definition }: Definition): string {
  return JSON.stringify([description, schema, tag, ...(description === 'OPERATOR' ? [definition] : [])]);
}

/** A table has the same definition whatever the order of its columns. */
function comparable({ description, definition }: Definition): string {
  if (description !== 'TABLE') return definition ?? '';
  return (definition ?? '')
    .split('\n')
    .map((line) => line.replace(/,$/, ''))
    .toSorted()
    .join('\n');
}

function describe({ description, schema, tag }: Definition): string {
  return `${description} ${schema === null ? '' : `${schema}.`}${tag}`.replaceAll(/\s/g, ' ');
}

/**
 * SQL for a change, in the order in which it is to be tried: what alters the thing, then what makes it anew. Nothing where no
 * statement is known. `alterTables` (column-changes.ts) changes the columns of a table.
 */
export function statementsFor({ expected, live }: DefinitionChange): string[] {
  if (live === undefined) return [dropOf(expected!)].filter((sql) => sql !== '');
  const definition = textOf(live.definition);
  if (expected === undefined) return [definition];
  switch (live.description ?? '') {
    case 'FUNCTION':
    case 'PROCEDURE':
    case 'VIEW':
      return [definition.replace(/^CREATE /, 'CREATE OR REPLACE '), anew(expected, definition)];
    case 'TABLE':
      return [addedClauses(textOf(expected.definition), definition)].filter((sql) => sql !== '');
    case 'DEFAULT':
      return []; // alterTables has changed it
    case 'TYPE':
      return [...addValues(textOf(expected.definition), definition), anew(expected, definition)];
    case 'SEQUENCE':
      return definition.startsWith('CREATE ') ? [definition.replace(/^CREATE /, 'ALTER ')] : [anew(expected, definition)];
    default:
      return [anew(expected, definition)];
  }
}

function textOf(sql: string | null): string {
  return (sql ?? '').trim();
}

/** Both in one message are one transaction. */
function anew(expected: Definition, definition: string): string {
  const drop = expected.description === 'COMMENT' ? '' : dropOf(expected);
  return drop === '' ? definition : `${drop}\n${definition}`;
}

function dropOf(entry: Definition): string {
  const definition = textOf(entry.definition);
  switch (entry.description ?? '') {
    case 'COMMENT':
      return definition.replace(/^(COMMENT ON .*?) IS E?'.*$/s, '$1 IS NULL;');
    case 'ROW SECURITY':
      return definition.replace(/ENABLE ROW LEVEL SECURITY;$/, 'DISABLE ROW LEVEL SECURITY;');
    case 'PUBLICATION TABLE':
      return definition.replace(
        /^(ALTER PUBLICATION .*?) ADD TABLE (ONLY (?:"(?:[^"]|"")*"|[\w.$])+)[^]*$/,
        '$1 DROP TABLE $2;',
      );
    case 'PUBLICATION TABLES IN SCHEMA':
      return definition.replace(' ADD ', ' DROP ');
    default:
      return textOf(entry.dropStatement);
  }
}

/** What stands behind CREATE TABLE: `ALTER TABLE ONLY public.notes REPLICA IDENTITY FULL;` */
function addedClauses(expected: string, live: string): string {
  const before = new Set(expected.split('\n'));
  const lines = live.split('\n').filter((line) => /^ALTER TABLE .*;$/.test(line) && !before.has(line));
  return lines.join('\n');
}

/** ALTER TYPE ... ADD VALUE, when an enum has got new values and lost none. */
function addValues(expected: string, live: string): string[] {
  const [before, after] = [valuesOf(expected), valuesOf(live)];
  if (after.length === 0 || after.filter((value) => before.includes(value)).join('\n') !== before.join('\n')) return [];
  const type = /^CREATE TYPE (.*) AS ENUM \($/m.exec(live)?.[1];
  const place = (index: number): string => (index === 0 ? `BEFORE ${before[0]}` : `AFTER ${after[index - 1]}`);
  const added = after.map((value, index) => ({ value, index })).filter(({ value }) => !before.includes(value));
  return [added.map(({ value, index }) => `ALTER TYPE ${type} ADD VALUE ${value} ${place(index)};`).join('\n')];
}

function valuesOf(definition: string): string[] {
  if (!/ AS ENUM \($/m.test(definition)) return [];
  return [...definition.matchAll(/^ {4}(E?'.*'),?$/gm)].map((match) => match[1]!);
}

/** What goes with its table when that is dropped. */
const partsOfTables = new Set([
  'CHECK CONSTRAINT',
  'COMMENT',
  'CONSTRAINT',
  'DEFAULT',
  'FK CONSTRAINT',
  'INDEX',
  'INDEX ATTACH',
  'POLICY',
  'PUBLICATION TABLE',
  'ROW SECURITY',
  'RULE',
  'SEQUENCE OWNED BY',
  'STATISTICS',
  'TABLE ATTACH',
  'TRIGGER',
]);

/** Changes without those that another one brings along: what goes with a table that is dropped. */
export function withoutConsequences(changes: readonly DefinitionChange[]): DefinitionChange[] {
  const dropped = new Map(
    changes
      .filter(
        ({ live, expected }) =>
          live === undefined && ['TABLE', 'VIEW', 'MATERIALIZED VIEW'].includes(expected!.description ?? ''),
      )
      .map(({ expected }) => [String(expected!.dumpId), expected!]),
  );
  return changes.filter(({ live, expected }) => {
    if (live !== undefined || !partsOfTables.has(expected!.description ?? '')) return true;
    const tables = expected!.dependencies.map((id) => dropped.get(id)).filter((table) => table !== undefined);
    if (expected!.description !== 'FK CONSTRAINT') return tables.length === 0;
    return !tables.some(({ tag, schema }) => schema === expected!.schema && expected!.tag!.startsWith(`${tag} `));
  });
}

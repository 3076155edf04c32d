import type { DumpEntry } from './dump-head.ts';
import { componentOf, isWhole, schemaOf, type RestoreScope } from './restore-scope.ts';
import { describeEntry, entryKey } from './restore-selection.ts';
import { findNamedFirst, isData } from './selection.ts';

export interface AskedEntries {
  readonly ids: ReadonlySet<number>;
  /** What is asked for needs these, which are neither asked for nor on the target. */
  readonly refusals: readonly string[];
  /** What was named and is not in the backup. */
  readonly unknown: readonly string[];
}

export interface ExistingObjects {
  /** `entryKey` of everything that the target has. */
  readonly existing: ReadonlySet<string>;
  /** Whether an entry is in a schema that the platform of the target sees to. */
  readonly isPlatform: (entry: DumpEntry) => boolean;
}

/** The entries of a dump that a scope asks for, with the types, functions and sequences that those need and the target lacks. */
export function findAskedEntries(entries: readonly DumpEntry[], scope: RestoreScope, target: ExistingObjects): AskedEntries {
  if (isWhole(scope)) return { ids: new Set(entries.map(({ dumpId }) => dumpId)), refusals: [], unknown: [] };
  const byId = new Map(entries.map((entry) => [String(entry.dumpId), entry]));
  const named = entries.filter((entry) => isNamed(entry, scope));
  const parts = scope.tables.length === 0 ? named : withParts(entries, named, byId);
  const asked = parts.filter((entry) => isWanted(entry, scope));
  const { ids, refusals } = withNeeded(asked, byId, target);
  const brought = new Set([...ids].filter((id) => !asked.some(({ dumpId }) => dumpId === id)).map(String));
  for (const entry of entries) if (goesAlong(entry, brought) && isWanted(entry, scope)) ids.add(entry.dumpId);
  return { ids, refusals, unknown: listUnknown(entries, scope) };
}

/** What is said of something that is brought along, and how far a sequence has come. */
function goesAlong({ description, dependencies }: DumpEntry, brought: ReadonlySet<string>): boolean {
  return (
    ['COMMENT', 'SECURITY LABEL', 'SEQUENCE SET'].includes(description ?? '') && dependencies.some((id) => brought.has(id))
  );
}

function isNamed(entry: DumpEntry, { only, schemas, tables }: RestoreScope): boolean {
  const isTable = tables.some(
    ({ schema, name }) => entry.schema === schema && entry.tag === name && tableLike.has(entry.description ?? ''),
  );
  const inSchema = schemas.includes(schemaOf(entry) ?? '');
  if (schemas.length + tables.length > 0) return isTable || inSchema;
  return only.length === 0 || only.includes(componentOf(entry));
}

function isWanted(entry: DumpEntry, { only, schemas, tables, dataOnly }: RestoreScope): boolean {
  if (dataOnly && !isData(entry)) return false;
  return schemas.length + tables.length === 0 || only.length === 0 || only.includes(componentOf(entry));
}

const tableLike = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE']);

/** What makes up a table: rows, partitions, sequences that it owns, indexes, constraints, triggers, policies, comments. */
function withParts(
  entries: readonly DumpEntry[],
  tables: readonly DumpEntry[],
  byId: ReadonlyMap<string, DumpEntry>,
): DumpEntry[] {
  const taken = new Map(tables.map((entry) => [String(entry.dumpId), entry]));
  for (let size = -1; size !== taken.size;) {
    size = taken.size;
    for (const entry of entries) {
      for (const part of partsThrough(entry, taken)) taken.set(String(part.dumpId), part);
    }
  }
  return [...taken.values()];

  function partsThrough(entry: DumpEntry, known: ReadonlyMap<string, DumpEntry>): DumpEntry[] {
    const needed = entry.dependencies.map((id) => known.get(id)).filter((found) => found !== undefined);
    if (needed.length === 0) return [];
    if (joins.has(entry.description ?? '')) return joinedBy(entry, needed);
    return ofTable.has(entry.description ?? '') && needed.some((owner) => isPartOf(entry, owner)) ? [entry] : [];
  }

  /** A foreign key or a policy may need several tables, and belongs to the one that its tag names first. */
  function isPartOf(entry: DumpEntry, owner: DumpEntry): boolean {
    if (entry.schema !== owner.schema) return false;
    if (!namedAfterTable.has(entry.description ?? '')) return true;
    const needed = entry.dependencies.map((id) => byId.get(id)).filter((found) => found !== undefined);
    return findNamedFirst(entry, needed) === owner;
  }

  /** A sequence or a partition is tied to its table by an entry that needs both; a partition does not bring its parent along. */
  function joinedBy(entry: DumpEntry, needed: readonly DumpEntry[]): DumpEntry[] {
    if (entry.description === 'INDEX ATTACH') return needed.length === entry.dependencies.length ? [entry] : [];
    if (entry.description === 'TABLE ATTACH' && needed.every(({ tag }) => tag === entry.tag)) return [];
    return [entry, ...entries.filter(({ dumpId }) => entry.dependencies.includes(String(dumpId)))];
  }
}

const joins = new Set(['SEQUENCE OWNED BY', 'TABLE ATTACH', 'INDEX ATTACH']);
const ofTable = new Set([
  'TABLE DATA',
  'MATERIALIZED VIEW DATA',
  // Of an identity column: other sequences need no table.
  'SEQUENCE',
  'SEQUENCE SET',
  'DEFAULT',
  'CONSTRAINT',
  'CHECK CONSTRAINT',
  'FK CONSTRAINT',
  'INDEX',
  'TRIGGER',
  'POLICY',
  'ROW SECURITY',
  'RULE',
  'COMMENT',
  'SECURITY LABEL',
  'STATISTICS',
]);

const namedAfterTable = new Set(['FK CONSTRAINT', 'TRIGGER', 'POLICY', 'RULE', 'DEFAULT', 'CONSTRAINT', 'CHECK CONSTRAINT']);

/** Adds what is needed. Tables are not added, since they come with rows, and those were not asked for; for rows nothing is made. */
function withNeeded(
  asked: readonly DumpEntry[],
  byId: ReadonlyMap<string, DumpEntry>,
  { existing, isPlatform }: ExistingObjects,
): { readonly ids: Set<number>; readonly refusals: readonly string[] } {
  const ids = new Set(asked.map(({ dumpId }) => dumpId));
  const refusals = new Set<string>();
  const queue = [...asked];
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    if ((!isData(entry) && existing.has(entryKey(entry))) || isPlatform(entry)) continue;
    const lacking = entry.dependencies
      .map((id) => byId.get(id))
      .filter((needed) => needed !== undefined)
      // An index is attached together with the tables that it joins; a foreign key only comes after that.
      .filter((needed) => !isData(needed) && needed.description !== 'INDEX ATTACH')
      .filter((needed) => !ids.has(needed.dumpId) && !existing.has(entryKey(needed)));
    const unwelcome = isData(entry) ? lacking : lacking.filter(({ description }) => bringsRows.has(description ?? ''));
    const tables = unwelcome.filter(({ description }) => tableLike.has(description ?? ''));
    for (const needed of tables.length > 0 ? tables : unwelcome) {
      refusals.add(`${describeEntry(entry)} needs ${describeEntry(needed)}, which is neither on the target nor asked for`);
    }
    for (const needed of lacking.filter((found) => !unwelcome.includes(found))) {
      ids.add(needed.dumpId);
      queue.push(needed);
    }
  }
  return { ids, refusals: [...refusals] };
}

const bringsRows = new Set([...tableLike, 'CONSTRAINT', 'INDEX']);

function listUnknown(entries: readonly DumpEntry[], { schemas, tables }: RestoreScope): string[] {
  const has = (test: (entry: DumpEntry) => boolean): boolean => entries.some(test);
  return [
    ...schemas.filter((schema) => !has((entry) => schemaOf(entry) === schema)).map((schema) => `schema ${schema}`),
    ...tables
      .filter(
        ({ schema, name }) =>
          !has((entry) => entry.schema === schema && entry.tag === name && tableLike.has(entry.description ?? '')),
      )
      .map(({ schema, name }) => `table ${schema}.${name}`),
  ];
}

import type { AskedEntries } from '../domain/asked-entries.ts';
import { isManagedSchema, isPlatformData } from '../domain/platform.ts';
import { isWhole, type RestoreScope, type TableName } from '../domain/restore-scope.ts';
import { relationKey, type Decision, type TargetRelation } from '../domain/selection.ts';
import { deleteRows, nothingCleared, planClearing, type Clearing } from './clean.ts';
import type { PlanRequest } from './plan-types.ts';
import { schemasWithUsersRows } from './target-contents.ts';

/** How what is asked for meets what is on the target already. */
export interface Arrival {
  readonly clearing: Clearing;
  /** Tables that are still there when the rows come. */
  readonly relations: ReadonlyMap<string, TargetRelation>;
  /** Rows that are in the way. */
  refusals(asked: AskedEntries): string[];
  /** What goes first, for people and for the server. */
  replaced(asked: AskedEntries): string[];
  statements(asked: AskedEntries): string[];
  /** Tables with rows of the backup that were there before, whose foreign keys nobody has checked. */
  checkedTables(decisions: readonly Decision[]): TableName[];
}

export function planArrival({
  head,
  target,
  scope,
  clean,
  manifest,
}: Pick<PlanRequest, 'head' | 'target' | 'scope' | 'clean' | 'manifest'>): Arrival {
  const rowsOf = new Map(manifest.tables.map((table) => [relationKey(table.schema, table.name), table.rows ?? 0]));
  const data = head.entries.filter(({ description }) => description === 'TABLE DATA');
  const ofPlatform = ({ schema }: TableName): boolean => target.kind !== 'plain' && isManagedSchema(schema);
  /** Rows that a restore could not bring back are never removed: those of vault.secrets on a hosted project. */
  const mayBeFilled = ({ schema, name }: TableName): boolean =>
    !isPlatformData(schema, name) && target.relations.get(relationKey(schema, name))?.insert === true;
  /** All of the users and objects go, also where the backup has none of their sessions, say. */
  const clearedRows = (): TableName[] => {
    const brought = inTheWay(everyEntry).filter(ofPlatform);
    const others = [...target.relations.values()]
      .filter(({ schema, name }) => target.occupied.has(relationKey(schema, name)))
      .filter((table) => schemasWithUsersRows.has(table.schema) && ofPlatform(table) && mayBeFilled(table))
      .filter(({ schema, name }) => !brought.some((table) => table.schema === schema && table.name === name));
    return [...brought, ...others];
  };
  const inTheWay = (asked: AskedEntries): TableName[] =>
    data
      .filter(({ dumpId }) => asked.ids.has(dumpId))
      .map(({ schema, tag }) => ({ schema: schema!, name: tag! }))
      .filter((table) => target.occupied.has(relationKey(table.schema, table.name)))
      .filter((table) => !ofPlatform(table) || mayBeFilled(table))
      // A whole restore clears what it brings rows for; other rows of the platform's tables stay.
      .filter((table) => !isWhole(scope) || (rowsOf.get(relationKey(table.schema, table.name)) ?? 0) > 0);
  const everyEntry: AskedEntries = { ids: new Set(head.entries.map(({ dumpId }) => dumpId)), refusals: [], unknown: [] };
  const clearing = clean ? planClearing({ ...target, occupied: clearedRows() }) : nothingCleared;
  const stays = ({ schema }: TargetRelation): boolean =>
    clearing === nothingCleared || (target.kind !== 'plain' && isManagedSchema(schema));
  const bringsLargeObjects = (asked: AskedEntries): boolean =>
    head.entries.some(({ description, dumpId }) => description === 'BLOBS' && asked.ids.has(dumpId));
  const replacesLargeObjects = (asked: AskedEntries): boolean =>
    !clean && scope.mode === 'replace' && target.largeObjects > 0 && bringsLargeObjects(asked);
  return {
    clearing,
    relations: new Map([...target.relations].filter(([, relation]) => stays(relation))),
    refusals: (asked) =>
      clean
        ? []
        : refuseRows(
            scope,
            isWhole(scope) ? inTheWay(asked).filter(ofPlatform) : inTheWay(asked),
            target.largeObjects > 0 && !isWhole(scope) && bringsLargeObjects(asked),
          ),
    replaced: (asked) => [
      ...clearing.what,
      ...(scope.mode === 'replace' && !clean ? inTheWay(asked).map(({ schema, name }) => `the rows of ${schema}.${name}`) : []),
      ...(replacesLargeObjects(asked) ? [`${target.largeObjects} large objects`] : []),
    ],
    statements: (asked) => [
      ...clearing.statements,
      ...(scope.mode === 'replace' && !clean ? inTheWay(asked).map(deleteRows) : []),
      ...(replacesLargeObjects(asked) ? ['SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;'] : []),
    ],
    checkedTables: (decisions) =>
      decisions
        .filter(({ entry, action }) => entry.description === 'TABLE DATA' && action !== 'skip')
        .map(({ entry }) => ({ schema: entry.schema!, name: entry.tag! }))
        .filter(({ schema, name }) => {
          const relation = target.relations.get(relationKey(schema, name));
          return relation !== undefined && stays(relation);
        }),
  };
}

function refuseRows(scope: RestoreScope, tables: readonly TableName[], largeObjects: boolean): string[] {
  if (scope.mode !== undefined || tables.length + Number(largeObjects) === 0) return [];
  const names = [...tables.map(({ schema, name }) => `${schema}.${name}`), ...(largeObjects ? ['large objects'] : [])];
  const remedy = isWhole(scope) ? 'with --clean they would be replaced' : 'say --mode replace, or --mode append';
  return [
    `there are rows already in ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}: ${remedy}`,
  ];
}

import type { CatalogRecord } from '../domain/catalog.ts';
import type { DumpEntry } from '../domain/dump-head.ts';
import { isManagedSchema, isPlatformOwner } from '../domain/platform.ts';
import { quoteIdentifier } from '../domain/sql.ts';
import { schemaOf, type TableName } from '../domain/restore-scope.ts';
import type { TargetKind } from '../domain/selection.ts';

/** What goes from a target before it is restored, and what it is called to people. */
export interface Clearing {
  readonly statements: readonly string[];
  readonly what: readonly string[];
  /** Whether an entry of the target is still there afterwards. */
  readonly remains: (entry: DumpEntry) => boolean;
  readonly remainsRecord: (record: CatalogRecord) => boolean;
}

export const nothingCleared: Clearing = { statements: [], what: [], remains: () => true, remainsRecord: () => true };

export interface ClearRequest {
  readonly kind: TargetKind;
  readonly entries: readonly DumpEntry[];
  /** Tables of the platform that hold rows, and whose rows are restored. */
  readonly occupied: readonly TableName[];
  readonly largeObjects: number;
}

/**
 * Clears what is the user's: all schemas but those of the platform, event triggers, publications and large objects, and the rows of
 * those tables of the platform that are restored. Of `public` the contents go and the schema stays, since who may use it is set on
 * it. Nothing that the platform owns is dropped.
 */
export function planClearing({ kind, entries, occupied, largeObjects }: ClearRequest): Clearing {
  const isUsers = (schema: string): boolean => kind === 'plain' || !isManagedSchema(schema);
  const goes = (entry: DumpEntry): boolean => {
    const schema = schemaOf(entry);
    if (schema !== null) return isUsers(schema) && !(schema === 'public' && entry.schema === null);
    const isTop = entry.description === 'EVENT TRIGGER' || entry.description === 'PUBLICATION';
    return isTop && !(kind !== 'plain' && (isPlatformOwner(entry.owner ?? '') || entry.tag === 'supabase_realtime'));
  };
  const going = entries.filter(goes);
  const withThem = goingAlong(entries, going);
  const schemas = going.filter(({ description }) => description === 'SCHEMA').map(({ tag }) => tag!);
  const inPublic = going
    .filter(({ schema, description }) => schema === 'public' && droppable.test(description ?? ''))
    .toReversed();
  const top = going.filter(
    ({ description, schema }) => schema === null && description !== 'SCHEMA' && description !== 'COMMENT',
  );
  const gone = new Set(schemas);
  return {
    statements: [
      ...[...top, ...inPublic].flatMap(dropStatement),
      ...schemas.map((schema) => `DROP SCHEMA ${quoteIdentifier(schema)} CASCADE;`),
      ...occupied.map(deleteRows),
      ...(largeObjects === 0 ? [] : ['SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;']),
    ],
    what: [
      ...schemas.map((schema) => `schema ${schema} with all that is in it${countTables(going, schema)}`),
      ...(inPublic.length === 0 ? [] : [`everything in schema public${countTables(going, 'public')}`]),
      ...top.map(({ description, tag }) => `${(description ?? '').toLowerCase()} ${tag}`),
      ...occupied.map(({ schema, name }) => `the rows of ${schema}.${name}`),
      ...(largeObjects === 0 ? [] : [`${largeObjects} large objects`]),
    ],
    remains: (entry) => !withThem.has(entry.dumpId),
    remainsRecord: ({ class: className, schema, name }) =>
      schema === null
        ? !(className === 'owner' && name.startsWith('publication '))
        : !gone.has(schema) && !(schema === 'public' && className !== 'schema' && !name.endsWith('schema public')),
  };
}

/** DROP ... CASCADE takes what depends on it along, wherever that is: a trigger on auth.users that calls a function of the user's. */
function goingAlong(entries: readonly DumpEntry[], going: readonly DumpEntry[]): Set<number> {
  const gone = new Set(going.map(({ dumpId }) => dumpId));
  for (let size = -1; size !== gone.size;) {
    size = gone.size;
    for (const { dumpId, dependencies } of entries) {
      if (dependencies.some((id) => gone.has(Number(id)))) gone.add(dumpId);
    }
  }
  return gone;
}

export function deleteRows({ schema, name }: TableName): string {
  return `DELETE FROM ONLY ${quoteIdentifier(schema)}.${quoteIdentifier(name)};`;
}

function countTables(entries: readonly DumpEntry[], schema: string): string {
  const tables = entries.filter((entry) => entry.description === 'TABLE' && entry.schema === schema).length;
  return tables === 0 ? '' : ` (${tables} tables)`;
}

/** What has a DROP of its own; all else goes with it. */
const droppable =
  /^(AGGREGATE|COLLATION|CONVERSION|DOMAIN|FOREIGN TABLE|FUNCTION|MATERIALIZED VIEW|OPERATOR|OPERATOR CLASS|OPERATOR FAMILY|PROCEDURE|SEQUENCE|STATISTICS|TABLE|TEXT SEARCH .*|TYPE|VIEW)$/;

/** pg_dump tells how to drop it; it may be gone already with what it depended on. */
function dropStatement({ dropStatement: drop }: DumpEntry): string[] {
  const match =
    /^DROP (ACCESS METHOD|EVENT TRIGGER|FOREIGN TABLE|MATERIALIZED VIEW|OPERATOR CLASS|OPERATOR FAMILY|TEXT SEARCH \w+|\w+) ([^]*);\n$/.exec(
      drop ?? '',
    );
  return match === null ? [] : [`DROP ${match[1]} IF EXISTS ${match[2]} CASCADE;`];
}

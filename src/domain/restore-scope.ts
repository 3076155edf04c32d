import type { DumpEntry } from './dump-head.ts';
import { isData } from './selection.ts';
import { unquoteIdentifier } from './sql.ts';

/** What a restore can be limited to. */
export const components = [
  'roles',
  'extensions',
  'schema',
  'data',
  'auth',
  'storage',
  'history',
  'publications',
  'privileges',
  'settings',
  'cron',
] as const;
export type Component = (typeof components)[number];

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** What of a backup is asked for; all of it when nothing is said. */
export interface RestoreScope {
  readonly only: readonly Component[];
  readonly schemas: readonly string[];
  readonly tables: readonly TableName[];
  /** Rows into tables that are there already. */
  readonly dataOnly: boolean;
  /** What becomes of rows that are there already; undefined: there may be none. */
  readonly mode: 'replace' | 'append' | undefined;
}

export const everything: RestoreScope = { only: [], schemas: [], tables: [], dataOnly: false, mode: undefined };

export function isWhole({ only, schemas, tables, dataOnly }: RestoreScope): boolean {
  return only.length === 0 && schemas.length === 0 && tables.length === 0 && !dataOnly;
}

/** Whether a component is asked for that stands in no schema; never when schemas or tables are named. */
export function asksFor(scope: RestoreScope, component: Component): boolean {
  if (isWhole(scope)) return true;
  return scope.schemas.length === 0 && scope.tables.length === 0 && scope.only.includes(component);
}

/** The schema in which the Supabase CLI keeps the history of migrations. */
const historySchema = 'supabase_migrations';

export function componentOf(entry: DumpEntry): Component {
  const description = entry.description ?? '';
  if (description === 'EXTENSION') return 'extensions';
  if (schemaOf(entry) === historySchema) return 'history';
  if (description.startsWith('PUBLICATION')) return 'publications';
  // Each is a row, more or less.
  if (entry.tag?.startsWith('LARGE OBJECT ') === true) return 'data';
  if (!isData(entry)) return 'schema';
  return entry.schema === 'auth' || entry.schema === 'storage' ? entry.schema : 'data';
}

/** The schema that an entry is in, makes, or is a comment on. */
export function schemaOf({ description, schema, tag }: DumpEntry): string | null {
  if (schema !== null) return schema;
  if (description === 'SCHEMA') return tag;
  return description === 'COMMENT' && tag?.startsWith('SCHEMA ') === true
    ? unquoteIdentifier(tag.slice('SCHEMA '.length))
    : null;
}

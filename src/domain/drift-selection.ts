import type { DumpEntry } from './dump-head.ts';
import { isManagedSchema } from './platform.ts';

/** What a comparison of definitions looks at. */
export type Definition = Pick<
  DumpEntry,
  'dumpId' | 'description' | 'schema' | 'tag' | 'definition' | 'dropStatement' | 'dependencies'
>;

const historySchema = 'supabase_migrations';

/**
 * Never loaded into a scratch server and never shown: connection strings, passwords and keys stand in the options of
 * subscriptions, user mappings and foreign servers. Foreign tables need those. Extensions are there beforehand; event triggers
 * only a superuser may make, and they would run; privileges are compared elsewhere.
 */
const leftOut = new Set([
  'ACL',
  'DATABASE',
  'DATABASE PROPERTIES',
  'DEFAULT ACL',
  'EVENT TRIGGER',
  'EXTENSION',
  'FOREIGN DATA WRAPPER',
  'FOREIGN TABLE',
  'SECURITY LABEL',
  'SERVER',
  'SUBSCRIPTION',
  'SUBSCRIPTION TABLE',
  'USER MAPPING',
]);

/** Whether a definition may be loaded into a scratch server. */
export function isLoadable({ description, tag, definition }: Definition): boolean {
  if (leftOut.has(description ?? '') || (definition ?? '') === '') return false;
  const about = description === 'COMMENT' ? [...leftOut].find((kind) => tag?.startsWith(`${kind} `)) : undefined;
  return about === undefined;
}

/**
 * What migrations build on: the platform's schemas as the live source has them, without what migrations put there themselves
 * (policies, triggers that call a function of the user's) and without the tables of its publications.
 */
export function selectBasis<Entry extends Definition>(entries: readonly Entry[]): Entry[] {
  const byId = new Map(entries.map((entry) => [String(entry.dumpId), entry]));
  const callsUser = (entry: Entry): boolean =>
    entry.dependencies.some((id) => {
      const needed = byId.get(id);
      return needed?.description === 'FUNCTION' && !isManagedSchema(needed.schema ?? '');
    });
  return entries.filter((entry) => {
    if (!isLoadable(entry)) return false;
    if (isSettingOfDump(entry)) return true;
    if (entry.description === 'SCHEMA') return isManagedSchema(entry.tag ?? '');
    if (entry.description === 'PUBLICATION') return entry.tag!.startsWith('supabase_realtime');
    if (entry.schema === null || !isManagedSchema(entry.schema) || entry.description!.startsWith('PUBLICATION')) return false;
    return entry.description !== 'POLICY' && !(entry.description === 'TRIGGER' && callsUser(entry));
  });
}

function isSettingOfDump({ description }: Definition): boolean {
  return ['ENCODING', 'STDSTRINGS', 'SEARCHPATH'].includes(description ?? '');
}

/** Whether a definition is the user's: all outside of the platform's schemas, and policies and triggers in them. */
export function isCompared(entry: Definition): boolean {
  if (!isLoadable(entry) || isSettingOfDump(entry)) return false;
  const { description, tag, schema } = entry;
  const within = description === 'SCHEMA' ? tag : schema;
  if (within === historySchema || tag === `SCHEMA ${historySchema}`) return false;
  if (description === 'COMMENT' && schema === null && tag?.startsWith('SCHEMA ')) return !isManagedSchema(tag.slice(7));
  if (within === null || !isManagedSchema(within)) return true;
  return description === 'POLICY' || description === 'TRIGGER';
}

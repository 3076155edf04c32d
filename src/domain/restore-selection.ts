import type { DumpEntry } from './dump-head.ts';
import { isManagedSchema, isPlatformOwner } from './platform.ts';
import { decidePlatformEntry } from './platform-selection.ts';
import { decideRows } from './row-selection.ts';
import { isData, type Decision, type Question, type TargetObjects } from './selection.ts';
import { isSuperuserOnly } from './superuser-only.ts';

/**
 * Decides of every entry of a dump what a restore does with it. What depends on something that is left out for good is left out,
 * too; what depends on something that may fail may fail.
 */
export function selectEntries(
  entries: readonly DumpEntry[],
  target: TargetObjects,
  { rows, asked }: Pick<Question, 'rows' | 'asked'>,
): Decision[] {
  const byId = new Map(entries.map((entry) => [String(entry.dumpId), entry]));
  const question: Question = { target, rows, asked, byId };
  return spread(entries.map((entry) => decide(entry, question)));
}

/** Two entries with the same key are the same thing; comments, of which an object has one at most, by their text. */
export function entryKey({ description, schema, tag, definition }: DumpEntry): string {
  return JSON.stringify([description, schema, tag, ...(description === 'COMMENT' ? [definition] : [])]);
}

const handledElsewhere = new Set(['ACL', 'ACL LANGUAGE', 'DEFAULT ACL', 'DATABASE', 'DATABASE PROPERTIES']);
const settingsOfDump = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH']);

function decide(entry: DumpEntry, question: Question): Decision {
  const { target, asked } = question;
  const description = entry.description ?? '';
  if (settingsOfDump.has(description)) return { entry, action: 'keep' };
  if (handledElsewhere.has(description) || isAboutDatabase(entry)) return { entry, action: 'skip', cause: 'elsewhere' };
  if (!asked(entry)) return { entry, action: 'skip', cause: 'unasked' };
  if (!isData(entry) && target.existing.has(entryKey(entry))) return { entry, action: 'skip', cause: 'exists' };
  if (description === 'EXTENSION') return decideExtension(entry, target);
  if (target.kind !== 'plain' && entry.schema !== null && isManagedSchema(entry.schema)) {
    return decidePlatformEntry(entry, question);
  }
  if (isOfPlatform(entry, target)) {
    return { entry, action: 'skip', cause: 'absent', reason: "the target's platform does not have it" };
  }
  if (isOfExtension(entry, question)) return decideConfiguration(entry);
  if (entry.description === 'TABLE DATA') return decideRows(entry, question);
  if (isData(entry) || target.superuser) return { entry, action: 'keep' };
  return decideWithoutSuperuser(entry, target);
}

function isAboutDatabase({ description, tag }: DumpEntry): boolean {
  return (description === 'COMMENT' || description === 'SECURITY LABEL') && (tag ?? '').startsWith('DATABASE ');
}

/** What the platform's own roles have made outside of all schemas: publications, event triggers, and schemas themselves. */
function isOfPlatform({ description, schema, owner, tag }: DumpEntry, target: TargetObjects): boolean {
  if (target.kind === 'plain' || target.superuser || schema !== null || !isPlatformOwner(owner ?? '')) return false;
  return description !== 'SCHEMA' || isManagedSchema(tag ?? '');
}

/** Rows and sequences whose table is not in the dump: it comes with an extension, which nothing in the dump names. */
function isOfExtension({ description, dependencies }: DumpEntry, { byId }: Question): boolean {
  const isOfTable = description === 'TABLE DATA' || description === 'SEQUENCE SET';
  return isOfTable && dependencies.length > 0 && dependencies.every((id) => !byId.has(id));
}

/** The jobs of pg_cron are scheduled by its functions; other extensions may be missing on the target, which is then named. */
function decideConfiguration(entry: DumpEntry): Decision {
  if (entry.schema === 'cron') return { entry, action: 'skip', cause: 'elsewhere' };
  return { entry, action: entry.description === 'TABLE DATA' ? 'stage' : 'try' };
}

function decideExtension(entry: DumpEntry, target: TargetObjects): Decision {
  if (target.availableExtensions.has(entry.tag ?? '')) return { entry, action: 'keep' };
  const reason = target.refusedExtensions?.get(entry.tag ?? '') ?? "it is not installed on the target's server";
  return { entry, action: 'skip', cause: 'missing', reason };
}

/** Those that supautils allows to `postgres` on the platform, nevertheless. */
const privilegedOnly = new Set(['EVENT TRIGGER', 'FOREIGN DATA WRAPPER']);

/** Things beside the tables that a platform may refuse for reasons of its own. */
const uncertain = new Set([
  'CAST',
  'COMMENT',
  'EVENT TRIGGER',
  'FOREIGN DATA WRAPPER',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'SERVER',
  'TRANSFORM',
  'USER MAPPING',
]);

function decideWithoutSuperuser(entry: DumpEntry, target: TargetObjects): Decision {
  const description = entry.description ?? '';
  const needsPrivilege =
    privilegedOnly.has(description) ||
    (description.startsWith('PUBLICATION') && / (FOR ALL TABLES|TABLES IN SCHEMA) /.test(entry.definition ?? ''));
  if (isSuperuserOnly(entry) || (needsPrivilege && !target.privileged)) {
    return { entry, action: 'skip', cause: 'forbidden', reason: 'only a superuser may create it' };
  }
  return { entry, action: uncertain.has(description) ? 'try' : 'keep' };
}

/** Carries what was decided of one entry on to those that need it; the entries stand in the order of their dependencies. */
function spread(decisions: readonly Decision[]): Decision[] {
  const decided = new Map<string, Decision>();
  // Constraints of large objects and views can refer to what stands later in the list, so once more from the beginning.
  for (let changed = true; changed;) {
    changed = false;
    for (const decision of decisions) {
      const id = String(decision.entry.dumpId);
      const before = decided.get(id) ?? decision;
      const needed = decision.entry.dependencies
        .map((dependency) => decided.get(dependency))
        .filter((found) => found !== undefined);
      const after = follow(before, needed);
      if (after.action !== before.action || !decided.has(id)) changed = true;
      decided.set(id, after);
    }
  }
  return decisions.map(({ entry }) => decided.get(String(entry.dumpId))!);
}

function follow(decision: Decision, needed: readonly Decision[]): Decision {
  if (decision.action === 'skip') return decision;
  const { entry } = decision;
  const gone = needed.find(({ cause }) => cause === 'forbidden' || cause === 'missing' || cause === 'absent');
  if (gone !== undefined) return lose(entry, gone);
  if (decision.action !== 'keep' || needed.every(({ action }) => action !== 'try')) return decision;
  if (entry.description === 'TABLE DATA') return { entry, action: 'stage' };
  return { entry, action: 'try' };
}

/** The user's own that needs what the platform brings can come back once that is switched on there. */
function lose(entry: DumpEntry, gone: Decision): Decision {
  const reason = `it needs ${describeEntry(gone.entry)}`;
  const isUsers =
    gone.cause === 'absent' && (entry.schema === null || !isManagedSchema(entry.schema)) && !isPlatformOwner(entry.owner ?? '');
  if (isUsers) return { entry, action: 'skip', cause: 'missing', reason: `${reason}: enable on the target what brings it` };
  return { entry, action: 'skip', cause: gone.cause!, reason };
}

/** "index notes_by_date in schema public" */
export function describeEntry({ description, schema, tag }: DumpEntry): string {
  const words = (description ?? 'object').toLowerCase();
  const what = words.replace('table data', 'rows of table').replace(/^blob.*$/, 'large objects');
  const name = tag === null || tag === description ? '' : ` ${tag}`;
  return `${what}${name}${schema === null ? '' : ` in schema ${schema}`}`;
}

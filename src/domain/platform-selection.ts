import type { DumpEntry } from './dump-head.ts';
import { isPlatformData, isPlatformOwner } from './platform.ts';
import { decideRows } from './row-selection.ts';
import { findNamedFirst, hadNoRows, isData, relationKey, type Decision, type Question } from './selection.ts';

/** Decides of something in a schema of the platform that the target does not have: rows, or what the user has added there. */
export function decidePlatformEntry(entry: DumpEntry, question: Question): Decision {
  return isData(entry) ? decideData(entry, question) : decideAddition(entry, question);
}

function decideData(entry: DumpEntry, { target, rows }: Question): Decision {
  const { schema, description } = entry;
  const name = entry.tag ?? '';
  if (isPlatformData(schema!, name)) return leave(entry, 'the platform keeps its own there');
  if (description === 'SEQUENCE SET') {
    const relation = target.relations.get(relationKey(schema!, name));
    const isNew = relation === undefined;
    return isNew || relation.update ? { entry, action: 'try' } : leave(entry, 'it may not be set there');
  }
  if (description !== 'TABLE DATA') return { entry, action: 'try' };
  if ((rows.get(entry.oid) ?? 0) === 0) return leave(entry, hadNoRows);
  return decideRows(entry, { target, rows });
}

/** What belongs to a table and has no owner of its own. */
const onTable = new Set([
  'CHECK CONSTRAINT',
  'COMMENT',
  'CONSTRAINT',
  'DEFAULT',
  'FK CONSTRAINT',
  'INDEX',
  'INDEX ATTACH',
  'POLICY',
  'ROW SECURITY',
  'RULE',
  'SECURITY LABEL',
  'SEQUENCE OWNED BY',
  'STATISTICS',
  'TABLE ATTACH',
  'TRIGGER',
]);

function decideAddition(entry: DumpEntry, question: Question): Decision {
  const { target } = question;
  if (onTable.has(entry.description ?? '')) return decideOnTable(entry, question);
  // Only a superuser makes things in the name of the platform; of another version of it they are nobody's loss.
  if (isPlatformOwner(entry.owner ?? '') && !(target.superuser && target.samePlatform)) return miss(entry, question);
  if (!target.superuser && !target.creatable.has(entry.schema!)) return forbid(entry, 'nothing may be created in that schema');
  return { entry, action: 'try' };
}

/** Something of the platform's that the target's platform does not have: lost only if it held rows of the user's. */
function miss(entry: DumpEntry, { rows, byId }: Question): Decision {
  const reason = "the target's platform does not have it";
  const isItsData = ({ description, dependencies }: DumpEntry): boolean =>
    description === 'TABLE DATA' && dependencies.includes(String(entry.dumpId));
  const data = entry.description === 'TABLE' ? [...byId.values()].find(isItsData) : undefined;
  const count = data === undefined || isPlatformData(entry.schema!, entry.tag!) ? 0 : (rows.get(data.oid) ?? 0);
  if (count === 0) return { entry, action: 'skip', cause: 'absent', reason };
  return forbid(entry, `${reason}, nor a place for its ${count.toLocaleString('en-US')} rows`);
}

function decideOnTable(entry: DumpEntry, { target, byId }: Question): Decision {
  const table = findTable(entry, byId);
  const relation = table === undefined ? undefined : target.relations.get(relationKey(table.schema!, table.tag!));
  if (target.superuser || relation?.owned === true) return { entry, action: 'try' };
  if (relation === undefined) {
    // Of something that is not a table (a function), or of a table that comes with this restore.
    const ofPlatform = entry.description === 'COMMENT' && table === undefined && !target.creatable.has(entry.schema!);
    return ofPlatform ? forbid(entry, 'what it is on belongs to the platform') : { entry, action: 'try' };
  }
  const allowed = (entry.description === 'TRIGGER' && relation.trigger) || (isOfPolicy(entry) && relation.policies);
  return allowed ? { entry, action: 'try' } : forbid(entry, `${table!.tag} belongs to the platform`);
}

/** A policy or the comment on one: who may make it may say something of it. */
function isOfPolicy({ description, tag }: DumpEntry): boolean {
  return description === 'POLICY' || (description === 'COMMENT' && (tag ?? '').startsWith('POLICY '));
}

const tableDescriptions = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'SEQUENCE']);

/** The table that an entry belongs to: one of those it needs, or what its comment is on. The names at the front of tags decide. */
function findTable(entry: DumpEntry, byId: Question['byId']): DumpEntry | undefined {
  const needed = entry.dependencies.map((id) => byId.get(id)).filter((found) => found !== undefined);
  const tables = needed.filter(
    ({ description, schema }) => tableDescriptions.has(description ?? '') && schema === entry.schema,
  );
  const named = findNamedFirst(entry, tables);
  if (named !== undefined || tables.length > 0) return named ?? tables[0];
  const [commented] = needed;
  return entry.description === 'COMMENT' && commented !== undefined ? findTable(commented, byId) : undefined;
}

function forbid(entry: DumpEntry, reason: string): Decision {
  return { entry, action: 'skip', cause: 'forbidden', reason };
}

function leave(entry: DumpEntry, reason: string): Decision {
  return { entry, action: 'skip', cause: 'platform', reason };
}

import { copiedColumns } from './copied-columns.ts';
import type { DumpEntry } from './dump-head.ts';
import { hadNoRows, relationKey, type Decision, type Question } from './selection.ts';

/** Decides of the rows of a table, which may be there already: with other columns, or closed to the restoring role. */
export function decideRows(entry: DumpEntry, { target, rows }: Pick<Question, 'target' | 'rows'>): Decision {
  const relation = target.relations.get(relationKey(entry.schema!, entry.tag ?? ''));
  // The rows of a table that comes with this restore, if it does.
  if (relation === undefined) return { entry, action: 'keep' };
  if (!relation.insert) {
    const count = rows.get(entry.oid) ?? 0;
    if (count === 0) return { entry, action: 'skip', cause: 'platform', reason: hadNoRows };
    return {
      entry,
      action: 'skip',
      cause: 'forbidden',
      reason: `its ${count.toLocaleString('en-US')} rows may not be inserted there`,
    };
  }
  const unknown = copiedColumns(entry).filter((column) => !relation.columns.includes(column));
  if (unknown.length === 0) return { entry, action: 'keep' };
  const lostColumns = unknown.filter((column) => relation.computed?.includes(column) !== true);
  if (lostColumns.length === 0) return { entry, action: 'stage', reason: `the target computes ${unknown.join(', ')} itself` };
  return { entry, action: 'stage', reason: `the target's table has no place for ${lostColumns.join(', ')}`, lostColumns };
}

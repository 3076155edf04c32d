import { sections, statementEntry, type DumpEntry, type DumpHead } from './dump-head.ts';
import { describeEntry } from './restore-selection.ts';
import type { Decision } from './selection.ts';
import { attachParentsFirst } from './attach-order.ts';
import { copiedColumns } from './copied-columns.ts';
import { qualifyName, quoteIdentifier, quoteLiteral } from './sql.ts';
import { doBlock, tolerateFailure } from './tolerant.ts';

export interface RewriteOptions {
  /** Run first on every connection: the search path, and how triggers behave. */
  readonly preparation: string;
  /** Statements after the last definition that comes before rows. */
  readonly between?: readonly string[];
  /** The last statements of the restore; none when they are run by other means. */
  readonly finish: readonly string[];
  /** Columns that the target's table has, by the key that `stagedColumns` is asked with. */
  readonly stagedColumns: (entry: DumpEntry) => readonly string[];
}

/**
 * The table of contents with which pg_restore does what was decided: entries that are left out are gone, those that may fail are
 * wrapped, and our own statements stand among them. The data that follow in the dump stay as they are; pg_restore passes over
 * those that no entry speaks of.
 */
export function rewriteDumpHead(head: DumpHead, decisions: readonly Decision[], options: RewriteOptions): DumpHead {
  const entries: DumpEntry[] = [];
  let nextId = 1 + head.entries.reduce((highest, { dumpId }) => Math.max(highest, dumpId), 0);
  const ids = { next: (): number => nextId++ };
  for (const decision of decisions) {
    if (decision.action === 'skip') continue;
    entries.push(...rewriteEntry(head, decision, { options, ids }));
  }
  // The description decides when pg_restore runs an entry: event triggers and refreshes of materialized views come last.
  const finish = options.finish.map((sql) =>
    statementEntry(head, { dumpId: ids.next(), section: sections.postData, description: 'EVENT TRIGGER', sql: `${sql}\n` }),
  );
  const between = (options.between ?? []).map((sql) =>
    statementEntry(head, { dumpId: ids.next(), section: sections.preData, description: 'COMMENT', sql: `${sql}\n` }),
  );
  // Not behind the last definition: tables of texts are made among the rows.
  const ordered = attachParentsFirst(entries);
  const rows = ordered.findIndex(({ section }) => section === sections.data || section === sections.postData);
  const end = rows < 0 ? ordered.length : rows;
  return { ...head, entries: [...ordered.slice(0, end), ...between, ...ordered.slice(end), ...finish] };
}

interface RewriteFacts {
  readonly options: RewriteOptions;
  readonly ids: { next(): number };
}

function rewriteEntry(head: DumpHead, { entry, action }: Decision, { options, ids }: RewriteFacts): DumpEntry[] {
  if (entry.description === 'SEARCHPATH') return [{ ...entry, definition: `${options.preparation}\n` }];
  if (action === 'stage') return stageRows(head, entry, { options, ids });
  if (action === 'try' && entry.definition !== null) {
    return [{ ...entry, definition: tolerateFailure(describeEntry(entry), entry.definition) }];
  }
  return [entry];
}

/**
 * Rows of a table that has other columns on the target: they are copied into a table of texts, and from there the columns that both
 * have are inserted.
 */
function stageRows(head: DumpHead, entry: DumpEntry, { options, ids }: RewriteFacts): DumpEntry[] {
  const stage = quoteIdentifier(`agent_rows_${entry.dumpId}`);
  const table = qualifyName({ schema: entry.schema!, name: entry.tag! });
  const columns = copiedColumns(entry);
  const list = columns.map(quoteIdentifier).join(', ');
  const found = options.stagedColumns(entry);
  const common = found.length === 0 ? columns : columns.filter((column) => found.includes(column));
  const insert = insertStatement({ table, stage, columns: common });
  const statement = (section: number, sql: string): DumpEntry =>
    statementEntry(head, { dumpId: ids.next(), section, description: 'COMMENT', sql });
  const create = statement(
    sections.preData,
    `CREATE UNLOGGED TABLE ${stageSchema}.${stage} (${columns.map((column) => `${quoteIdentifier(column)} text`).join(', ')});\n`,
  );
  const rows = {
    ...entry,
    copyStatement: `COPY ${stageSchema}.${stage} (${list}) FROM stdin;\n`,
    dependencies: [String(create.dumpId)],
  };
  const move = statement(
    sections.data,
    tolerateFailure(describeEntry(entry), insert) + `DROP TABLE ${stageSchema}.${stage};\n`,
  );
  return [create, rows, { ...move, dependencies: [String(entry.dumpId), ...entry.dependencies] }];
}

/** Made by the restore before anything else when something is staged, and dropped at its end. */
export const stageSchema = 'supabase_backup_agent_restore';

interface Insert {
  readonly table: string;
  readonly stage: string;
  readonly columns: readonly string[];
}

/** The types are the target's, which only the server knows. */
function insertStatement({ table, stage, columns }: Insert): string {
  const names = `ARRAY[${columns.map(quoteLiteral).join(', ')}]`;
  const begin = quoteLiteral(
    `INSERT INTO ${table} (${columns.map(quoteIdentifier).join(', ')}) OVERRIDING SYSTEM VALUE SELECT `,
  );
  const body = `BEGIN EXECUTE (
    SELECT ${begin} || pg_catalog.string_agg(
             pg_catalog.format('%I::%s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', '
             ORDER BY pg_catalog.array_position(${names}, a.attname::text))
           || ${quoteLiteral(` FROM ${stageSchema}.${stage}`)}
      FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = ${quoteLiteral(table)}::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attname = ANY (${names}));
END`;
  return `${doBlock(body)};`;
}

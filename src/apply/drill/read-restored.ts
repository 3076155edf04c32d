import type { Session } from '../../context.ts';
import type { ForeignKeyFact, IndexFact, RestoredFacts, SequenceFact, ViewFact } from '../../domain/drill/restored-facts.ts';
import { quoteIdentifier } from '../../domain/sql.ts';
import { sqlStateOf } from '../../domain/sql-state.ts';
import { messageOf } from '../../errors.ts';
import { foreignKeysQuery, indexesQuery, nextNumber, sequencesQuery, viewsQuery } from './restored-queries.ts';

/** A view that takes longer to give its first row is named. */
const viewTimeoutMs = 60_000;

/** Asks a restored database what a drill wants to know. Writes nothing; views are read, so functions of the source run. */
export async function readRestored(session: Session, searchPath: string): Promise<RestoredFacts> {
  const asked = new Asking(session);
  await session.query("SELECT pg_catalog.set_config('search_path', '', false)");
  const foreignKeys = await session.query<ForeignKeyRow>(foreignKeysQuery);
  const indexes = await session.query<IndexFact>(indexesQuery);
  const sequences = await session.query<SequenceRow>(sequencesQuery, [nextNumber]);
  const views = await session.query<ViewRow>(viewsQuery);
  // What is run from here on may use names without a schema, as it does in the source.
  await session.query("SELECT pg_catalog.set_config('search_path', $1, false)", [searchPath]);
  return {
    foreignKeys: await mapEach(foreignKeys, (row) => askForeignKey(asked, row)),
    indexes,
    sequences: await mapEach(sequences, (row) => askSequence(asked, row)),
    views: await mapEach(views, (row) => askView(asked, row)),
  };
}

async function mapEach<Item, Result>(items: readonly Item[], ask: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await ask(item));
  return results;
}

type Answer<Row> =
  | { readonly row: Row | undefined }
  /** What the server says against the question. */
  | { readonly refusal: { readonly error: string; readonly sqlState: string } };

/** Questions that may fail without an end to all others. */
class Asking {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** In a transaction of its own, which is rolled back. Throws when the connection is lost. */
  async ask<Row extends object>(sql: string, timeoutMs = 0): Promise<Answer<Row>> {
    await this.#session.query('BEGIN READ ONLY');
    await this.#session.query(`SET LOCAL statement_timeout = ${timeoutMs}`);
    try {
      const [row] = await this.#session.query<Row>(sql);
      await this.#session.query('ROLLBACK');
      return { row };
    } catch (error) {
      const sqlState = sqlStateOf(error);
      if (sqlState === undefined) throw error;
      await this.#session.query('ROLLBACK');
      return { refusal: { error: messageOf((error as Error).cause), sqlState } };
    }
  }
}

interface ForeignKeyRow {
  readonly name: string;
  readonly validated: boolean;
  readonly sql: string;
}

async function askForeignKey(asking: Asking, { name, validated, sql }: ForeignKeyRow): Promise<ForeignKeyFact> {
  if (!validated) return { name, validated, orphans: false };
  const answer = await asking.ask<{ orphans: boolean }>(sql);
  if ('refusal' in answer) return { name, validated, orphans: false, ...answer.refusal };
  return { name, validated, orphans: answer.row?.orphans === true };
}

interface SequenceRow {
  readonly name: string;
  readonly column: string;
  readonly increment: string;
  /** Why the two cannot be compared. */
  readonly error: string | null;
  readonly sql: string;
}

async function askSequence(asking: Asking, { name, column, increment, error, sql }: SequenceRow): Promise<SequenceFact> {
  if (error !== null) return { name, column, increment, next: null, extreme: null, error };
  const answer = await asking.ask<{ next: string | null; extreme: string | null }>(sql);
  const fact = { name, column, increment };
  if ('refusal' in answer) return { ...fact, next: null, extreme: null, ...answer.refusal };
  return { ...fact, next: answer.row?.next ?? null, extreme: answer.row?.extreme ?? null };
}

interface ViewRow extends Omit<ViewFact, 'name' | 'error' | 'sqlState'> {
  readonly schema: string;
  readonly name: string;
}

async function askView(asking: Asking, { schema, name: relation, kind, populated, foreign }: ViewRow): Promise<ViewFact> {
  const fact = { name: `${schema}.${relation}`, kind, populated, foreign };
  if (!populated || foreign) return fact;
  const answer = await asking.ask(
    `SELECT * FROM ${quoteIdentifier(schema)}.${quoteIdentifier(relation)} LIMIT 1`,
    viewTimeoutMs,
  );
  return 'refusal' in answer ? { ...fact, ...answer.refusal } : fact;
}

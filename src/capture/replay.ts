import type { Session } from '../context.ts';
import { isDispensable, needsNoTransaction, ownsTransactions, type Migration } from '../domain/migration.ts';
import { tryQuery, type Refusal } from './definitions.ts';

export interface Replay {
  /** How many statements were left out, because a scratch server has what they make already, or does not allow it. */
  readonly leftOut: number;
  /** "20260102000000: relation "notes" does not exist"; the migrations after it were not tried. */
  readonly failure: string | undefined;
}

/** Runs migrations, each in one transaction as far as that is possible, up to the first that fails. */
export async function replayMigrations(
  session: Session,
  migrations: readonly Migration[],
  signal: AbortSignal,
): Promise<Replay> {
  let leftOut = 0;
  for (const { version, statements } of migrations) {
    const texts = (statements ?? []).filter((statement) => statement.trim() !== '');
    const outcome = await replayOne(session, texts, signal);
    if ('message' in outcome) return { leftOut, failure: `${version}: ${outcome.message}` };
    leftOut += outcome.leftOut;
  }
  return { leftOut, failure: undefined };
}

interface Failure extends Refusal {
  /** Of the statement; undefined when it is the end of the transaction that failed. */
  readonly index: number | undefined;
}

async function replayOne(
  session: Session,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly leftOut: number } | Failure> {
  const leftOut = new Set<number>();
  if (ownsTransactions(statements)) return replayLoosely(session, statements, signal);
  for (;;) {
    const failure = await replayAtomically(session, { statements, leftOut }, signal);
    if (failure === undefined) return { leftOut: leftOut.size };
    if (needsNoTransaction(failure.sqlState)) return replayLoosely(session, statements, signal);
    if (failure.index === undefined || !isDispensable(statements[failure.index]!, failure.sqlState)) return failure;
    leftOut.add(failure.index);
  }
}

async function replayAtomically(
  session: Session,
  { statements, leftOut }: { readonly statements: readonly string[]; readonly leftOut: ReadonlySet<number> },
  signal: AbortSignal,
): Promise<Failure | undefined> {
  // A migration may leave settings behind, such as an empty search_path; the CLI resets them, too.
  await session.query('RESET ALL');
  await session.query('BEGIN');
  for (const [index, statement] of statements.entries()) {
    const refusal = leftOut.has(index) ? undefined : await tryQuery(session, statement, signal);
    if (refusal === undefined) continue;
    await session.query('ROLLBACK');
    return { ...refusal, index };
  }
  const refusal = await tryQuery(session, 'COMMIT', signal);
  return refusal && { ...refusal, index: undefined };
}

/** Each statement on its own. */
async function replayLoosely(
  session: Session,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly leftOut: number } | Failure> {
  await session.query('RESET ALL');
  let leftOut = 0;
  for (const [index, statement] of statements.entries()) {
    const refusal = await tryQuery(session, statement, signal);
    if (refusal === undefined) continue;
    if (!isDispensable(statement, refusal.sqlState)) return { ...refusal, index };
    leftOut += 1;
  }
  // One that the migration itself has begun and not ended.
  await session.query('COMMIT');
  return { leftOut };
}

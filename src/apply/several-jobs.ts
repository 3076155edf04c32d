import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { RunContext } from '../context.ts';
import type { SkippedStatement } from '../domain/tolerant.ts';
import { plannedHead } from './dump-stream.ts';
import { countFinishedItems } from './finished-items.ts';
import { applyLeniently, finishSeparately } from './leniently.ts';
import { applyInOneTransaction } from './one-transaction.ts';
import { runPgRestore } from './pg-restore.ts';
import { restoreError, type ApplyRequest, type DumpSections } from './request.ts';

const definitionsAndRows: DumpSections = ['--section=pre-data', '--section=data'];
const indexesAndConstraints = '--section=post-data';
const headPath = 'head.dump';

/**
 * Restores definitions and rows as the dump streams by, in one transaction, and then indexes, constraints, triggers and policies with
 * several jobs at once. Those take no rows from the dump, so that its head is all that they need, and nothing is staged on a disk.
 * Answers the statements that were tried and refused. Throws AppError restore_failed.
 */
export async function applyWithJobs(context: RunContext, request: ApplyRequest, jobs: number): Promise<SkippedStatement[]> {
  const { plan, directory } = request;
  const rows = plan.tolerant
    ? await applyLeniently(context, request, definitionsAndRows)
    : await applyInOneTransaction(context, request, { sections: definitionsAndRows, what: 'definitions and rows', finish: [] });

  context.progress.step(`Building indexes and constraints with ${jobs} jobs`);
  await context.files.saveStream(join(directory, headPath), Readable.from([plannedHead(request, [])]));
  const done = countFinishedItems(plan.decisions);
  const { result, skipped } = await runPgRestore(context, request, {
    options: [indexesAndConstraints, `--jobs=${jobs}`],
    source: headPath,
    onLine: done.note,
  });
  context.signal.throwIfAborted();
  if (result.exitCode !== 0 && !(plan.tolerant && skipped.length > 0)) throw restoreError(done.describe(), result);
  return [...rows, ...skipped, ...(await finishSeparately(context, request))];
}

import type { RunContext } from '../context.ts';
import type { SkippedStatement } from '../domain/tolerant.ts';
import { applyLeniently, finishSeparately } from './leniently.ts';
import { applyInOneTransaction } from './one-transaction.ts';
import type { ApplyRequest } from './request.ts';
import { applyWithJobs } from './several-jobs.ts';

/**
 * Applies the dump and everything beside it in the way that the plan has told. Answers the statements that were tried and refused.
 * Throws AppError restore_failed; its message says what is left on the target.
 */
export async function applyDump(
  context: RunContext,
  request: ApplyRequest,
  jobs: number | undefined,
): Promise<SkippedStatement[]> {
  if (jobs !== undefined) return applyWithJobs(context, request, jobs);
  if (!request.plan.tolerant) return applyInOneTransaction(context, request);
  const skipped = await applyLeniently(context, request);
  return [...skipped, ...(await finishSeparately(context, request))];
}

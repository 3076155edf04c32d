import type { RunContext } from '../context.ts';
import { archivePaths } from '../domain/manifest.ts';
import type { SkippedStatement } from '../domain/tolerant.ts';
import { streamPlannedDump } from './dump-stream.ts';
import { runPgRestore, type PgRestoreResult } from './pg-restore.ts';
import { restoreError, wholeDump, type ApplyRequest, type DumpSections } from './request.ts';
import { runScript } from './run-script.ts';

const mayRemain = 'What was restored before that stays on the target.';

/**
 * Restores what can be restored, where losses were accepted: with a pg_restore that is connected to the target, and so not in one
 * transaction. (In one psql script a COPY into a table that could not be created would leave its rows to be read as SQL; pg_restore
 * skips them.) Answers the statements that failed. Throws AppError restore_failed when the restore itself came to an end.
 */
export async function applyLeniently(
  context: RunContext,
  request: ApplyRequest,
  sections: DumpSections = wholeDump,
): Promise<SkippedStatement[]> {
  const { before } = request.plan.script;
  const skippedBefore = await runScript(context, request, {
    statements: before,
    whatIsLeft: 'Nothing of it stayed on the target.',
  });
  const { result, skipped } = await streamDump(context, request, sections);
  context.signal.throwIfAborted();
  if (result.exitCode !== 0 && skipped.length === 0) throw restoreError(mayRemain, result);
  return [...skippedBefore, ...skipped];
}

/** The last statements, in a transaction of their own. Answers and throws as `applyLeniently` does. */
export async function finishSeparately(context: RunContext, request: ApplyRequest): Promise<SkippedStatement[]> {
  const { script, keepOwners } = request.plan;
  const statements = keepOwners ? [] : [script.preparation, ...script.after];
  return runScript(context, request, { statements, whatIsLeft: mayRemain });
}

async function streamDump(context: RunContext, request: ApplyRequest, sections: DumpSections): Promise<PgRestoreResult> {
  const reading = context.repository.startRead(request.archive, archivePaths.dump);
  try {
    const stdin = streamPlannedDump(context, request, { dump: reading.stdout!, finish: [] });
    const result = await runPgRestore(context, request, { options: sections, stdin });
    reading.stdout!.destroy();
    const read = await reading.finished;
    if (!read.stderr.includes('BrokenPipe')) context.repository.assertRead(read);
    return result;
  } finally {
    await reading.terminate();
  }
}

import { pipeline, Transform, type Readable } from 'node:stream';
import type { RunContext } from '../context.ts';
import { formatDumpHead } from '../domain/dump-head.ts';
import { rewriteDumpHead } from '../domain/rewrite-dump.ts';
import type { ApplyRequest } from './request.ts';
import { isOfScript } from './script/build.ts';

/**
 * The dump as pg_restore shall see it: with the table of contents of the plan in the place of its own (`finish` is run last), and
 * with its progress told. Either end takes the other with it when it breaks.
 */
export function streamPlannedDump(
  context: Pick<RunContext, 'progress'>,
  request: ApplyRequest,
  { dump, finish }: { readonly dump: Readable; readonly finish: readonly string[] },
): Readable {
  const replacement = plannedHead(request, finish);
  let toSkip = request.headLength;
  let bytes = 0;
  const rewriting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (bytes === 0) this.push(replacement);
      bytes += chunk.length;
      context.progress.bytes(bytes, request.sizes?.originalBytes);
      const skipped = Math.min(toSkip, chunk.length);
      toSkip -= skipped;
      done(null, skipped === 0 ? chunk : chunk.subarray(skipped));
    },
  });
  // What went wrong is told by the ends of the programs on both sides.
  pipeline(dump, rewriting, () => undefined);
  return rewriting;
}

/** The table of contents of the plan, as the head of a dump; that of a backup without a catalog stays what it is. */
export function plannedHead({ head, plan, columnsOf }: ApplyRequest, finish: readonly string[]): Buffer {
  if (plan.keepOwners) return formatDumpHead(head);
  const decisions = plan.decisions.filter((decision) => !isOfScript(decision));
  return formatDumpHead(
    rewriteDumpHead(head, decisions, {
      preparation: plan.script.preparation,
      between: plan.script.between,
      finish,
      stagedColumns: ({ schema, tag }) => columnsOf(schema ?? '', tag ?? ''),
    }),
  );
}

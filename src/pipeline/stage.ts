import type { RunContext, StageFacts } from '../context.ts';

export type StageName =
  | 'catalog'
  | 'snapshot'
  | 'archive'
  | 'inventory'
  | 'download'
  | 'storage'
  | 'objects'
  | 'verify'
  | 'extract'
  | 'rename'
  | 'retention'
  | 'target'
  | 'restore'
  | 'analyze'
  | 'compare';

/** A run leaves its stage for the next one, which is, for whoever looks on, a step of the progress. */
export function enterStage(context: RunContext, stage: StageName, text: string, facts: StageFacts = {}): void {
  endStage(context);
  if (context.stages !== undefined) context.stages.current = { name: stage, startedMs: context.clock.monotonicMs(), facts };
  context.log.debug({ stage }, 'stage begins');
  context.metrics.stageBegins(stage);
  context.progress.step(text);
}

/** What has become known of the stage that is going on: it will stand in its line of the log. */
export function noteStage(context: RunContext, facts: StageFacts): void {
  const current = context.stages?.current;
  if (current !== undefined) current.facts = { ...current.facts, ...facts };
}

/** The one line that the log has of a stage. `failed` when the run goes no further. */
export function endStage(context: RunContext, { failed = false } = {}): void {
  const current = context.stages?.current;
  if (current === undefined) return;
  const durationMs = Math.round(context.clock.monotonicMs() - current.startedMs);
  context.log.info({ stage: current.name, durationMs, ...current.facts }, failed ? 'stage failed' : 'stage ended');
  context.stages!.current = undefined;
}

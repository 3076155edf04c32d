import type { RunContext } from '../context.ts';

export type StageName =
  | 'catalog'
  | 'snapshot'
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

/** A run enters a stage: a line in the log, and for whoever looks on, a step of the progress. */
export function enterStage(context: RunContext, stage: StageName, text: string): void {
  context.log.info({ stage }, 'stage begins');
  context.metrics.stageBegins(stage);
  context.progress.step(text);
}

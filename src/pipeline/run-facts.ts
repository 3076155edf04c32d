import type { RunContext } from '../context.ts';
import type { ArchiveKind } from '../domain/archive-name.ts';
import { statusOf, type Coverage } from '../domain/coverage.ts';
import { formatVersion, type Manifest } from '../domain/manifest.ts';
import type { RunFrame } from './run.ts';

interface ArchiveFacts {
  readonly backupId: string;
  readonly runKinds: readonly ArchiveKind[];
  readonly coverage: Coverage[];
}

type RunFacts = Pick<
  Manifest,
  | 'formatVersion'
  | 'backupId'
  | 'project'
  | 'status'
  | 'startedAt'
  | 'finishedAt'
  | 'durationMs'
  | 'agentVersion'
  | 'coverage'
  | 'runKinds'
>;

/** What the manifest of either kind tells of its run, which ends now. */
export function describeRun(context: RunContext, frame: RunFrame, { backupId, runKinds, coverage }: ArchiveFacts): RunFacts {
  const finishedAt = context.clock.now();
  return {
    formatVersion,
    backupId,
    project: context.config.project,
    status: statusOf(coverage),
    startedAt: frame.startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: finishedAt.getTime() - frame.startedAt.getTime(),
    agentVersion: context.agentVersion,
    coverage,
    runKinds: [...runKinds],
  };
}

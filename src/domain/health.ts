import type { RunStatus } from './exit-code.ts';

/** How a project's backups stand, in one word; `unusable` is a project whose configuration cannot be used. */
export type Health = 'ok' | 'running' | 'never' | 'incomplete' | 'failed' | 'late' | 'unusable';

export interface HealthFacts {
  /** Whether the newest complete backup is older than it may be (domain/late). */
  readonly late: boolean;
  readonly running: boolean;
  readonly hasComplete: boolean;
  /** How the newest backup, and the newest verification, that have ended did so. */
  readonly lastBackup: RunStatus | undefined;
  readonly lastVerify: RunStatus | undefined;
}

/** The worst that is to be said. A run that goes on hides nothing: only its end shows whether it makes good what failed before. */
export function judgeHealth({ late, running, hasComplete, lastBackup, lastVerify }: HealthFacts): Health {
  const last = [lastBackup, lastVerify];
  if (late) return 'late';
  if (last.includes('failed')) return 'failed';
  if (last.includes('incomplete')) return 'incomplete';
  if (running) return 'running';
  return hasComplete ? 'ok' : 'never';
}

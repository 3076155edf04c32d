import type { RunStatus } from '../domain/exit-code.ts';
import type { BroughtObjects } from './bring-objects.ts';

/** What the report of any restore tells. */
export interface RestoreFacts {
  readonly status: RunStatus;
  readonly backupId: string;
  /** The name of the archive that was asked for. */
  readonly archive: string;
  readonly dryRun: boolean;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** Undefined where no objects of Storage were written. */
  readonly objects: BroughtObjects | undefined;
  /** The id of the backup that was made of the target before; undefined when none was, or nothing would go. */
  readonly safetyBackup: string | undefined;
  readonly warnings: readonly string[];
}

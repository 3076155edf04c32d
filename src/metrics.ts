import type { ArchiveKind } from './domain/archive-name.ts';
import type { RunEnd } from './domain/run-event.ts';
import type { MetricFacts } from './domain/metrics/families.ts';
import type { StorageManifest } from './domain/storage/manifest.ts';

/**
 * What runs tell to monitoring, and what monitoring is told of the project. Telling never fails a run: what cannot be kept or written
 * becomes a warning in the log.
 */
export interface Metrics {
  /** A stage of the run begins, and with that the one before it ends. */
  stageBegins(stage: string): void;
  /** What a backup has made. Counts when its run has ended. */
  backupMade(made: MadeBackup): void;
  /** Keeps what the run has told for the time after it, and writes METRICS_FILE. */
  runEnded(run: EndedRun): Promise<void>;
  /** All that is known of the project. Throws what the run history throws. */
  facts(): Promise<MetricFacts>;
}

export interface MadeBackup {
  readonly archives: readonly {
    readonly kind: ArchiveKind;
    readonly sizes: { readonly originalBytes: number; readonly deduplicatedBytes: number };
  }[];
  /** Undefined where it was not asked for. */
  readonly storage: Pick<StorageManifest, 'totals' | 'missing' | 'left'> | undefined;
}

export interface EndedRun {
  readonly command: string;
  /** One that a person has cancelled says nothing of how it goes: all stays as it was. */
  readonly status: RunEnd;
  readonly startedAt: Date;
  readonly durationMs: number;
}

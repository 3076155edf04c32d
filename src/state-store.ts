import type { ArchiveKind } from './domain/archive-name.ts';
import type { RunStatus } from './domain/exit-code.ts';
import type { RunEnd } from './domain/run-event.ts';
import type { LiftedLimits } from './domain/storage/settings.ts';
import type { AlertFact } from './notifier.ts';

export interface RunRecord {
  readonly runId: string;
  readonly command: 'backup' | 'restore' | 'verify' | 'prune' | 'drill';
  readonly status: RunStatus | 'running';
  readonly startedAt: Date;
  readonly durationMs: number | undefined;
  readonly backupId: string | undefined;
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
}

/** The newest drill that has told how good a backup is. */
export interface DrillRecord {
  readonly backupId: string;
  readonly startedAt: Date;
  readonly status: RunStatus;
}

/** What is known of an archive without asking Borg: read from its manifest once. */
export interface IndexedArchive {
  readonly archiveId: string;
  readonly name: string;
  readonly kind: ArchiveKind;
  readonly status: Exclude<RunStatus, 'failed'>;
  readonly chunkerParams: string;
  /** As Borg told them when it was made. */
  readonly sizes: { readonly originalBytes: number; readonly deduplicatedBytes: number } | undefined;
  /** The kinds of archives that its run set out to make. */
  readonly runKinds: readonly ArchiveKind[];
}

/** SQLite below STATE_DIR: the run history and an index of the archives. Both may be lost without harm to any backup. */
export interface StateStore {
  /** Held until `release` or the end of the process, however that comes. Throws AppError locked. */
  acquireLock(): Promise<{ release(): void }>;
  /** Whether a run of this project is going on right now. */
  isLocked(): boolean;
  startRun(record: Pick<RunRecord, 'runId' | 'command' | 'startedAt' | 'backupId'>): void;
  /** Of a run that began before it was known which backup it is about. */
  nameBackup(runId: string, backupId: string): void;
  finishRun(runId: string, outcome: Pick<RunRecord, 'status' | 'durationMs' | 'errorCode' | 'errorMessage'>): void;
  /** Newest first. */
  listRuns(limit: number): RunRecord[];
  /** The newest run of a command that has one of these statuses, or any. Those that a person has cancelled say nothing of how it goes. */
  newestRun(command: RunRecord['command'], statuses?: readonly RunRecord['status'][]): RunRecord | undefined;
  /** How many runs have ended, by command and how. */
  countRuns(): {
    readonly command: RunRecord['command'];
    readonly status: RunEnd;
    readonly count: number;
  }[];
  /** One for each backup that was drilled; those that ended before they could judge it are passed over. */
  drills(): DrillRecord[];
  indexedArchives(): IndexedArchive[];
  indexArchive(archive: IndexedArchive): void;
  forgetArchives(archiveIds: readonly string[]): void;
  /** On the disk when it returns. Replaces what was noted of that bucket. */
  noteLiftedLimits(lifted: LiftedLimits): void;
  liftedLimits(): LiftedLimits[];
  forgetLiftedLimits(bucket: Pick<LiftedLimits, 'url' | 'bucket'>): void;
  /** Undefined forgets it. */
  noteFact(name: AlertFact, value: string | undefined): void;
  fact(name: AlertFact): string | undefined;
  noteKeyExported(at: Date): void;
  keyExportedAt(): Date | undefined;
  /** Replaces what runs have measured for monitoring (domain/metrics), as JSON. */
  noteMeasurements(json: string): void;
  measurements(): string | undefined;
  close(): void;
}

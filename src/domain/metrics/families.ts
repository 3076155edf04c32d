import { archiveKinds, type ArchiveKind } from '../archive-name.ts';
import type { RunStatus } from '../exit-code.ts';
import type { RunEnd } from '../run-event.ts';
import type { Measurements } from './measurements.ts';

/** All that monitoring is told of one project. */
export interface MetricFacts {
  readonly project: string;
  readonly agentVersion: string;
  readonly backup: RunSummary;
  readonly verify: RunSummary;
  readonly drill: RunSummary;
  /** The judgement of alerts. */
  readonly lateness: { readonly late: boolean; readonly from: Date };
  /** What the long-running agent will start; empty where none was asked. */
  readonly nextRuns: readonly NextRun[];
  readonly runs: readonly RunCount[];
  readonly measured: Measurements;
  /** Finished archives of the project itself, without safety backups. */
  readonly archives: Readonly<Record<ArchiveKind, number>>;
  readonly fileSystems: readonly FileSystem[];
}

export interface RunSummary {
  /** When the newest run that ended complete has begun; undefined when there is none. */
  readonly lastSuccess: Date | undefined;
  /** The newest run that has ended, however it did. */
  readonly lastEnded: LastRun | undefined;
}

export interface NextRun {
  /** `backup`, `database` (a backup of it alone), `verify`. */
  readonly kind: string;
  readonly at: Date;
}

export interface LastRun {
  readonly startedAt: Date;
  readonly status: RunStatus;
  /** Undefined for a run that was killed. */
  readonly durationMs: number | undefined;
}

export interface RunCount {
  readonly command: string;
  readonly status: RunEnd;
  readonly count: number;
}

/** The one that a directory lies in. */
export interface FileSystem {
  readonly directory: 'repository' | 'state';
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  /** At least one. */
  readonly samples: readonly MetricSample[];
}

type Samples = Iterable<readonly [labels: Readonly<Record<string, string>>, value: number | undefined]>;
type Definition = Pick<MetricFamily, 'name' | 'help'> & { readonly samples: (facts: MetricFacts) => Samples };

const statuses: readonly RunStatus[] = ['complete', 'incomplete', 'failed'];

/** Every metric there is. The names are the user's interface: they stay. docs/monitoring/README.md lists them. */
const definitions: readonly Definition[] = [
  {
    name: 'supabase_backup_info',
    help: 'Always 1; the version of the agent stands in a label.',
    samples: ({ agentVersion }) => [[{ version: agentVersion }, 1]],
  },
  {
    name: 'supabase_backup_last_success_timestamp_seconds',
    help: 'When the newest complete backup began, which is how old its data is; 0 when there is none.',
    samples: ({ backup }) => [[{}, toSeconds(backup.lastSuccess)]],
  },
  {
    name: 'supabase_backup_last_attempt_timestamp_seconds',
    help: 'When the newest backup that has ended, however it did, began; 0 when there is none.',
    samples: ({ backup }) => [[{}, toSeconds(backup.lastEnded?.startedAt)]],
  },
  {
    name: 'supabase_backup_status',
    help: 'How the last backup ended: 1 for its status, 0 for the others; all 0 when there was none.',
    samples: ({ backup }) => statuses.map((status) => [{ status }, backup.lastEnded?.status === status ? 1 : 0]),
  },
  {
    name: 'supabase_backup_duration_seconds',
    help: 'How long the last backup took.',
    samples: ({ backup }) => [[{}, millisecondsToSeconds(backup.lastEnded?.durationMs)]],
  },
  {
    name: 'supabase_backup_late',
    help: 'Whether the newest complete backup is older than its schedule allows (1) or not (0).',
    samples: ({ lateness }) => [[{}, lateness.late ? 1 : 0]],
  },
  {
    name: 'supabase_backup_late_from_timestamp_seconds',
    help: 'The moment from which it is, if no other one comes before.',
    samples: ({ lateness }) => [[{}, toSeconds(lateness.from)]],
  },
  {
    name: 'supabase_backup_next_run_timestamp_seconds',
    help: 'When the long-running agent starts the next run of a kind.',
    samples: ({ nextRuns }) => nextRuns.map(({ kind, at }) => [{ kind }, toSeconds(at)]),
  },
  {
    name: 'supabase_backup_stage_duration_seconds',
    help: 'How long each stage of the last run of a command took.',
    samples: ({ measured }) =>
      Object.entries(measured.stagesMs).flatMap(([command, stages]) =>
        Object.entries(stages).map(([stage, ms]) => [{ command, stage }, ms / 1000] as const),
      ),
  },
  {
    name: 'supabase_backup_runs_total',
    help: 'Runs in the run history, by command and status.',
    samples: ({ runs }) => addZeros(runs).map(({ command, status, count }) => [{ command, status }, count]),
  },
  {
    name: 'supabase_backup_read_bytes',
    help: 'Bytes that the newest archive of a kind holds, as they were read from the source.',
    samples: ({ measured }) => archiveKinds.map((kind) => [{ kind }, measured.archives[kind]?.readBytes]),
  },
  {
    name: 'supabase_backup_deduplicated_bytes',
    help: 'What that archive added to the repository: what was not there before, compressed and encrypted.',
    samples: ({ measured }) => archiveKinds.map((kind) => [{ kind }, measured.archives[kind]?.deduplicatedBytes]),
  },
  ofStorage('objects', 'objects', 'Objects of Storage that the newest backup holds.'),
  ofStorage('bytes', 'bytes', 'Bytes of these objects.'),
  ofStorage(
    'fetched_objects',
    'fetchedObjects',
    'Objects that the newest backup has downloaded; the others lay in the mirror.',
  ),
  ofStorage('fetched_bytes', 'fetchedBytes', 'Bytes that the newest backup has downloaded.'),
  ofStorage('missing_objects', 'missingObjects', 'Objects that the newest backup should hold and could not get.'),
  ofStorage('left_objects', 'leftObjects', 'Objects that STORAGE_MAX_EGRESS has left for the next backup.'),
  {
    name: 'supabase_backup_archives',
    help: 'Finished archives of the project in the repository, safety backups not counted.',
    samples: ({ archives }) => archiveKinds.map((kind) => [{ kind }, archives[kind]]),
  },
  {
    name: 'supabase_backup_repository_original_bytes',
    help: 'What all archives of the repository hold, added up, when the newest one was written.',
    samples: ({ measured }) => [[{}, measured.repository?.originalBytes]],
  },
  {
    name: 'supabase_backup_repository_stored_bytes',
    help: 'What they take in the repository, deduplicated, compressed and encrypted.',
    samples: ({ measured }) => [[{}, measured.repository?.storedBytes]],
  },
  {
    name: 'supabase_backup_filesystem_free_bytes',
    help: 'Free space of the file system that the repository (if it is local) or STATE_DIR lies on.',
    samples: ({ fileSystems }) => fileSystems.map(({ directory, freeBytes }) => [{ directory }, freeBytes]),
  },
  {
    name: 'supabase_backup_filesystem_size_bytes',
    help: 'Size of that file system.',
    samples: ({ fileSystems }) => fileSystems.map(({ directory, sizeBytes }) => [{ directory }, sizeBytes]),
  },
  {
    name: 'supabase_backup_verify_last_success_timestamp_seconds',
    help: 'When the newest verification that found all good began; 0 when there is none.',
    samples: ({ verify }) => [[{}, toSeconds(verify.lastSuccess)]],
  },
  {
    name: 'supabase_backup_verify_last_attempt_timestamp_seconds',
    help: 'When the newest verification that has ended, however it did, began; 0 when there is none.',
    samples: ({ verify }) => [[{}, toSeconds(verify.lastEnded?.startedAt)]],
  },
  {
    name: 'supabase_backup_verify_ok',
    help: 'Whether the last verification found all good (1) or failed (0).',
    samples: ({ verify }) => [[{}, toFlag(verify.lastEnded)]],
  },
  {
    name: 'supabase_backup_verify_duration_seconds',
    help: 'How long the last verification took.',
    samples: ({ verify }) => [[{}, millisecondsToSeconds(verify.lastEnded?.durationMs)]],
  },
  {
    name: 'supabase_backup_drill_last_success_timestamp_seconds',
    help: 'When the newest rehearsed restore that went well began; 0 when there is none.',
    samples: ({ drill }) => [[{}, toSeconds(drill.lastSuccess)]],
  },
  {
    name: 'supabase_backup_drill_last_attempt_timestamp_seconds',
    help: 'When the newest rehearsed restore that has ended, however it did, began; 0 when there is none.',
    samples: ({ drill }) => [[{}, toSeconds(drill.lastEnded?.startedAt)]],
  },
  {
    name: 'supabase_backup_drill_ok',
    help: 'Whether the last rehearsed restore went well (1) or failed (0).',
    samples: ({ drill }) => [[{}, toFlag(drill.lastEnded)]],
  },
];

/** The metrics of several projects; what is not known of any has no family. */
export function describeMetrics(projects: readonly MetricFacts[]): MetricFamily[] {
  return definitions.flatMap(({ name, help, samples }): MetricFamily[] => {
    const all = projects.flatMap((facts) => [...toSamples(facts.project, samples(facts))]);
    return all.length === 0 ? [] : [{ name, help, type: name.endsWith('_total') ? 'counter' : 'gauge', samples: all }];
  });
}

function* toSamples(project: string, samples: Samples): Iterable<MetricSample> {
  for (const [labels, value] of samples) if (value !== undefined) yield { labels: { project, ...labels }, value };
}

function ofStorage(name: string, field: keyof NonNullable<Measurements['storage']>, help: string): Definition {
  return { name: `supabase_backup_storage_${name}`, help, samples: ({ measured }) => [[{}, measured.storage?.[field]]] };
}

/** Whole seconds and a fraction since 1970, as Prometheus counts; never is long ago, so that rules about age need no case for it. */
function toSeconds(date: Date | undefined): number {
  return date === undefined ? 0 : date.getTime() / 1000;
}

function millisecondsToSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function toFlag(run: LastRun | undefined): number | undefined {
  if (run === undefined) return undefined;
  return run.status === 'complete' ? 1 : 0;
}

/** A counter that begins with its first failure has no increase that Prometheus could see. */
function addZeros(runs: readonly RunCount[]): readonly RunCount[] {
  const expected = [
    ...statuses.map((status) => ({ command: 'backup', status, count: 0 })),
    ...(['complete', 'failed'] as const).map((status) => ({ command: 'verify', status, count: 0 })),
  ];
  const missing = expected.filter(
    ({ command, status }) => !runs.some((run) => run.command === command && run.status === status),
  );
  return [...runs, ...missing];
}
